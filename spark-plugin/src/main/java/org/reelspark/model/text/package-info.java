/** From a prompt to the states that a video model attends to: cleaning, tokenizer, T5 encoders. */
package org.reelspark.model.text;
