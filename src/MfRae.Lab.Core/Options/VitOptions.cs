namespace MfRae.Lab.Core.Options;

/// <summary>
/// A vision transformer with a convolutional stem of three stride-2 layers: 28×28 pixels become 4×4 tokens of
/// <paramref name="Width"/> channels.
/// </summary>
public sealed record VitOptions(
    [property: OptionRange(8, 4096)] int Width = 96,
    [property: OptionRange(1, 64)] int Depth = 6,
    [property: OptionRange(1, 64)] int Heads = 4,
    [property: OptionRange(1, 16)] double MlpRatio = 4);
