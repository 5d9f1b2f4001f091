using System.Security.Cryptography;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections;

namespace MfRae.Lab.Reporting.Data;

/// <summary>
/// Places images in a page. The page holds them until they would make it large; further ones, and images at full size, are files in the
/// folder NAME.images beside the page. A link whose file is missing leads nowhere, and the page says all else without it.
/// </summary>
/// <param name="experiment">Names the page.</param>
/// <param name="most">Characters of images that the page holds at most.</param>
internal sealed class SheetImages(string experiment, long most)
{
    /// <summary>Characters of images in a page whose other parts are small.</summary>
    public const long Usual = 3_400_000;

    private readonly HashSet<string> _linked = [];
    private long _placed;

    /// <summary>The file of an image that the page links to; its name is a hash of the content.</summary>
    public static string FileName(ImageRecord image) => Convert.ToHexStringLower(SHA256.HashData(image.Png))[..16] + ".png";

    /// <summary>
    /// Small images at twice their size, unsmoothed, so that their pixels can be judged; reduced ones as they are, with a link to the image
    /// at full size.
    /// </summary>
    public Html Picture(ImageRecord image, string alternative)
    {
        var size = Parts.Size(image.Png);
        var length = 4L * ((image.Png.Length + 2) / 3);
        if (_placed + length > most)
        {
            var pixels = size is var (columns, rows) ? $", {Numbers.Count(columns)}×{Numbers.Count(rows)} pixels" : "";
            return Html.Of($"<a class=\"small\" href=\"{Link(FileName(image))}\">Open {alternative}{pixels}</a>{FullSize(image)}");
        }

        _placed += length;
        var source = Parts.Source(image);
        var scale = Full(image) is null ? 2 : 1;
        return size is var (width, height)
            ? Html.Of($"<img {source} width=\"{scale * width}\" height=\"{scale * height}\" alt=\"{alternative}\">{FullSize(image)}")
            : Html.Of($"<img {source} alt=\"{alternative}\">{FullSize(image)}");
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

    private Html FullSize(ImageRecord image) => Full(image) is null
        ? Html.Empty
        : Html.Of($" <a class=\"small\" href=\"{Link(FullName(image))}\">Full size</a>");

    private string Link(string file)
    {
        _linked.Add(PathOf(file));
        return $"{Uri.EscapeDataString(experiment)}.images/{file}";
    }

    private string PathOf(string file) => $"{experiment}.images/{file}";

    private static string FullName(ImageRecord image) => FileName(image)[..^4] + ".full.png";

    // The name comes from data: it must not lead out of the stage's folder.
    private static string? Full(ImageRecord image) =>
        PngText.Of(image.Png, PngText.FullSize) is { } name && ArtifactName.IsName(name) && name.EndsWith(".png", StringComparison.Ordinal) ? name : null;
}
