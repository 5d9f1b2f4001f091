namespace MfRae.Lab.Core.Options;

/// <summary>
/// A ViT over the latent tokens, then <paramref name="Channels"/> feature channels per pixel and residual convolutions that
/// remove patch seams.
/// </summary>
public sealed record DecoderNetworkOptions(
    [property: OptionRange(8, 8192)] int Width = 128,
    [property: OptionRange(1, 64)] int Depth = 3,
    [property: OptionRange(1, 64)] int Heads = 4,
    [property: OptionRange(1, 16)] double MlpRatio = 4,
    [property: OptionRange(1, 512)] int Channels = 16) : DecoderArchitectureOptions;
