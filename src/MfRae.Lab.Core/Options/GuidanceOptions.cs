namespace MfRae.Lab.Core.Options;

/// <summary>
/// Classifier-free guidance of the teacher (docs/method.md §2): its velocity without label, plus <paramref name="Scale"/> times
/// the difference that the label makes, at times within [low, high]; elsewhere its velocity with label.
/// </summary>
/// <param name="Scale">1 changes nothing.</param>
/// <param name="Low">Lower end of the interval, in shifted time; 0 is data.</param>
/// <param name="High">Upper end of the interval, in shifted time; 1 is noise.</param>
public sealed record GuidanceOptions(
    [property: OptionRange(0, 100)] double Scale,
    [property: OptionRange(0, 1)] double Low = 0,
    [property: OptionRange(0, 1)] double High = 1);
