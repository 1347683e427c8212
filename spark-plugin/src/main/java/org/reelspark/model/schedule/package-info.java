/** Samplers of flow-matching models and the noise that they start from. */
package org.reelspark.model.schedule;
