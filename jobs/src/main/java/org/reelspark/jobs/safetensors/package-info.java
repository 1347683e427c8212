/** Writes files of tensors in the safetensors format. */
package org.reelspark.jobs.safetensors;
