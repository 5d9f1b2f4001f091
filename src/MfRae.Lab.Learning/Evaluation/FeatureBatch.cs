using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>What a network says of a batch of images.</summary>
/// <param name="Features">float32 [B, F].</param>
/// <param name="Logits">float32 [B, classes], or null where the network classifies nothing.</param>
/// <param name="Spatial">float32 [B, S], what sFID sees, or null where the network has no such map.</param>
/// <param name="Content">int64 [B], a hash of each image (<see cref="Data.ImageContent"/>); null where nobody has made it.</param>
internal sealed record FeatureBatch(Tensor Features, Tensor? Logits = null, Tensor? Spatial = null, Tensor? Content = null);
