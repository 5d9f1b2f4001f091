using MfRae.Lab.Cli.Verbs;
using MfRae.Lab.Core.Images;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Reporting;

namespace MfRae.Lab.Cli.Tests.Verbs;

/// <summary>Full-size sheets are files in the folder of the page, copied from the store.</summary>
public sealed class PageImagesTests : IDisposable
{
    private static readonly byte[] Pixel = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==");

    private readonly string _folder = Directory.CreateTempSubdirectory("page-images-").FullName;
    private readonly string _key = new('a', 64);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_full_size_sheet_is_copied_from_the_store_to_the_linked_path()
    {
        var record = Record("shapes");
        Directory.CreateDirectory(Path.Combine(_folder, "store", _key));
        File.WriteAllBytes(Path.Combine(_folder, "store", _key, "sheet.1.full.png"), Pixel);
        var page = Path.Combine(_folder, "reports", "shapes.html");

        PageImages.Write(record, page, Path.Combine(_folder, "store"));

        var image = ReportBuilder.Images(record).Should().ContainSingle().Subject;
        File.ReadAllBytes(Path.Combine(_folder, "reports", image.Path)).Should().Equal(Pixel);
        ReportBuilder.Build(record).Should().Contain($"href=\"{image.Path}\"");

        PageImages.Delete(page);
        Directory.GetFileSystemEntries(Path.Combine(_folder, "reports")).Should().BeEmpty();
    }

    [Theory]
    [InlineData("shapes")]
    [InlineData("../shapes")]
    public void Lost_images_and_impossible_file_names_are_omitted(string name) =>
        PageImages.Of(Record(name), _folder, Path.Combine(_folder, "store")).Should().BeEmpty();

    private ExperimentRecord Record(string name)
    {
        var image = new ImageRecord("samples@1", "samples", PngText.With(Pixel, PngText.FullSize, "sheet.1.full.png"));
        return new(
            name, "shapes.json", "?", "!", "fid@1", "", [], [new("arm", true, new Dictionary<string, string>(), "{}")], [0],
            [new("run", "arm", 0, "completed", new Dictionary<string, string> { ["sampling"] = _key })],
            [new(_key, "sampling", "sampling", "completed", null, null, "{}", new Dictionary<string, string>(), [], [], [], [image])]);
    }
}
