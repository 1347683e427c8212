/** From a model directory to a loaded model of whatever family it is. */
package org.reelspark.model.registry;
