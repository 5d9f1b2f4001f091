using System.Security.Cryptography;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections;

namespace MfRae.Lab.Reporting.Data;

/// <summary>
/// Places images in a page. The page contains images up to a limit; the rest, and images at full size, are files in the folder NAME.images
/// next to the page. The page is readable without these files.
/// </summary>
/// <param name="experiment">The name of the experiment and its page.</param>
/// <param name="most">The largest total length of the images in the page, in characters of base64.</param>
internal sealed class SheetImages(string experiment, long most)
{
    /// <summary>Characters of images in a page whose other parts are small.</summary>
    public const long Usual = 3_400_000;

    // Characters of images of further seeds, which a reader can do without.
    private const long MostFurther = 1_000_000;

    private readonly HashSet<string> _linked = [];
    private long _further;
    private long _placed;

    /// <summary>The file of an image that the page links to; its name is a hash of the content.</summary>
    public static string FileName(ImageRecord image) => Convert.ToHexStringLower(SHA256.HashData(image.Png))[..16] + ".png";

    /// <summary>
    /// Small images at twice their size without smoothing, so that single pixels are visible; reduced images at their own size, with a link
    /// to the image at full size.
    /// </summary>
    public Picture Picture(ImageRecord image, string alternative)
    {
        var size = Sections.Picture.SizeOf(image.Png);
        var length = 4L * ((image.Png.Length + 2) / 3);
        var linked = _placed + length > most;
        _placed += linked ? 0 : length;
        var scale = Full(image) is null ? 2 : 1;
        return new(
            linked ? "" : Sections.Picture.DataUri(image),
            linked ? Link(FileName(image)) : null,
            alternative,
            size is var (columns, rows) ? $"{Numbers.Count(columns)}×{Numbers.Count(rows)}" : null,
            scale * size?.Width ?? 0,
            scale * size?.Height ?? 0,
            Full(image) is null ? null : Link(FullName(image)));
    }

    /// <summary>An image that the page contains only while there is room for it; null if there is none. Place it after all other images.</summary>
    public Picture? Further(ImageRecord image, string alternative)
    {
        var length = 4L * ((image.Png.Length + 2) / 3);
        if (_further + length > MostFurther || _placed + length > most)
            return null;
        _further += length;
        return Picture(image, alternative);
    }

    /// <summary>The files that the page links to, once each.</summary>
    public IReadOnlyList<LinkedImage> Linked(ExperimentRecord record) =>
    [
        .. from stage in record.Stages
           from image in stage.Images
           from file in new[] { new LinkedImage(PathOf(FileName(image)), image.Png, stage.Key, null), OfStore(stage, image) }
           where file is not null && _linked.Remove(file.Path)
           select file,
    ];

    private LinkedImage? OfStore(StageRecord stage, ImageRecord image) =>
        Full(image) is { } name ? new LinkedImage(PathOf(FullName(image)), null, stage.Key, name) : null;

    private string Link(string file)
    {
        _linked.Add(PathOf(file));
        return $"{Uri.EscapeDataString(experiment)}{LinkedImage.FolderSuffix}/{file}";
    }

    private string PathOf(string file) => $"{experiment}{LinkedImage.FolderSuffix}/{file}";

    private static string FullName(ImageRecord image) => FileName(image)[..^4] + ".full.png";

    // The name comes from data: it must not leave the stage's folder.
    private static string? Full(ImageRecord image) =>
        PngText.Of(image.Png, PngText.FullSize) is { } name && ArtifactName.IsName(name) && name.EndsWith(".png", StringComparison.Ordinal) ? name : null;
}
