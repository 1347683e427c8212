package org.reelspark.model;

import java.util.Optional;
import org.reelspark.attention.AttentionProfile;

/**
 * What callers need to know of a model.
 *
 * @param family such as {@code wan2.1}
 * @param digest lower-case hexadecimal SHA-256 over the names and contents of the checkpoint's
 *     files
 * @param layers transformer blocks
 * @param heads self-attention heads of a block
 * @param defaults settings for what a request leaves out
 * @param profile the sparse attention profile shipped with the checkpoint
 */
public record ModelDescription(
    String family,
    String digest,
    int layers,
    int heads,
    int headDimension,
    GenerationDefaults defaults,
    Optional<AttentionProfile> profile) {}
