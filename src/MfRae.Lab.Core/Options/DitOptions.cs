namespace MfRae.Lab.Core.Options;

/// <summary>DiT^DH: an encoder trunk on single tokens whose output conditions a short, wide head per token (docs/method.md §2).</summary>
public sealed record DitOptions(
    [property: OptionRange(8, 8192)] int TrunkWidth = 96,
    [property: OptionRange(1, 128)] int TrunkDepth = 4,
    [property: OptionRange(1, 128)] int TrunkHeads = 4,
    [property: OptionRange(8, 8192)] int HeadWidth = 128,
    [property: OptionRange(1, 128)] int HeadDepth = 2,
    [property: OptionRange(1, 128)] int HeadHeads = 4,
    [property: OptionRange(0.5, 16)] double MlpRatio = 4);
