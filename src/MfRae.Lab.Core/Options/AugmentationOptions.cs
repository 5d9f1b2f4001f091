namespace MfRae.Lab.Core.Options;

/// <summary>Random views of an image: an affine crop, a flip, and a change of brightness and contrast.</summary>
/// <param name="MinScale">Smallest side of the crop, as a fraction of the image's side.</param>
/// <param name="Shift">Largest shift, as a fraction of the image's side.</param>
/// <param name="Rotation">Largest rotation in degrees.</param>
/// <param name="Flip">Probability of a horizontal flip.</param>
/// <param name="Intensity">Largest relative change of brightness and contrast.</param>
public sealed record AugmentationOptions(
    [property: OptionRange(0.05, 1)] double MinScale = 0.5,
    [property: OptionRange(0, 0.5)] double Shift = 0.1,
    [property: OptionRange(0, 180)] double Rotation = 10,
    [property: OptionRange(0, 1)] double Flip = 0.5,
    [property: OptionRange(0, 1)] double Intensity = 0.4);
