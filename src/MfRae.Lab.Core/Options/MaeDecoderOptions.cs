namespace MfRae.Lab.Core.Options;

/// <summary>
/// The ViT-MAE style decoder of the released RAE (arXiv 2510.11690) under its parameter names; the defaults are those of ViT-XL
/// (docs/method.md §2).
/// </summary>
/// <param name="IntermediateSize">Hidden width of a block's MLP.</param>
/// <param name="PatchSize">Side of the square of pixels that one token becomes.</param>
/// <param name="ImageSize">Side of the decoded image.</param>
/// <param name="Channels">Colours of the decoded image.</param>
public sealed record MaeDecoderOptions(
    [property: OptionRange(8, 8192)] int HiddenSize = 1152,
    [property: OptionRange(1, 128)] int Layers = 28,
    [property: OptionRange(1, 128)] int Heads = 16,
    [property: OptionRange(8, 65536)] int IntermediateSize = 4096,
    [property: OptionRange(1, 256)] int PatchSize = 16,
    [property: OptionRange(1, 4096)] int ImageSize = 256,
    [property: OptionRange(1, 16)] int Channels = 3,
    [property: OptionRange(0, 1)] double NormEpsilon = 1e-12) : DecoderArchitectureOptions;
