namespace MfRae.Lab.Core.Options;

/// <summary>
/// DINOv2 with registers (arXiv 2304.07193, 2309.16588), a frozen encoder under the Hugging Face parameter names; the defaults are
/// those of the base model that the paper uses (docs/method.md §2).
/// </summary>
/// <param name="MlpRatio">Hidden width of a block's MLP, in widths of the model.</param>
/// <param name="ImageSize">The image side whose patch grid the position embedding was trained on.</param>
/// <param name="InputSize">The image side that is encoded: images are resized to it, position embeddings to its patch grid.</param>
public sealed record Dinov2Options(
    [property: OptionRange(8, 8192)] int HiddenSize = 768,
    [property: OptionRange(1, 128)] int Layers = 12,
    [property: OptionRange(1, 128)] int Heads = 12,
    [property: OptionRange(1, 16)] double MlpRatio = 4,
    [property: OptionRange(1, 4096)] int ImageSize = 518,
    [property: OptionRange(1, 256)] int PatchSize = 14,
    [property: OptionRange(0, 256)] int RegisterTokens = 4,
    [property: OptionRange(1, 4096)] int InputSize = 224,
    [property: OptionRange(0, 1)] double NormEpsilon = 1e-6);
