using System.Formats.Tar;
using System.IO.Compression;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Stages;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>The dataset stage on folders as users have them: twelve classes that are called by numbers.</summary>
[Scoped]
public sealed class ImageFolderStageTests : IDisposable
{
    private const int Classes = 12;

    private readonly TemporaryFolder _folder = new();

    public ImageFolderStageTests()
    {
        using var archive = new GZipStream(File.OpenRead(Golden.Path("cases", "classes.tar.gz")), CompressionMode.Decompress);
        TarFile.ExtractToDirectory(archive, _folder.Root, overwriteFiles: false);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Training_and_evaluation_number_class_folders_alike()
    {
        Run();

        var index = ImageIndex.Load(_folder.File("dataset/train.index.json"));
        index.Classes.Should().Equal("0", "1", "10", "11", "2", "3", "4", "5", "6", "7", "8", "9");
        index.Images.Should().OnlyContain(image => image.Path.StartsWith(index.Classes[image.Label] + "/"));
        ImageIndex.Load(_folder.File("dataset/test.index.json")).Classes.Should().Equal(index.Classes);
        var tree = ImageTree.Scan(_folder.File("classes/train"));
        tree.Classes.Should().Equal(index.Classes);
        tree.Paths.Zip(tree.Labels!).Should().BeEquivalentTo(index.Images.Select(image => (image.Path, (long)image.Label)));
    }

    [Fact]
    public void What_is_passed_over_is_in_the_journal()
    {
        File.WriteAllText(_folder.File("classes/train/.DS_Store"), "");
        File.WriteAllText(_folder.File("classes/val/10/scan.tif"), "");

        Run().Events.OfType<NoticeEvent>().Select(notice => notice.Text).Should().Equal(
            "classes/train: passed over 1 name that begins with a dot",
            "classes/val: passed over files of formats that are not read: 1 .tif");
    }

    [Fact]
    public void Splits_of_other_classes_are_refused()
    {
        Directory.Move(_folder.File("classes/val/7"), _folder.File("classes/val/seven"));

        FluentActions.Invoking(() => Run()).Should().Throw<LabException>().WithMessage(
            "*classes has a class '7' in train where val has '8': both splits need the same class folders");
    }

    [Fact]
    public void A_stop_ends_the_reading_of_the_folder() =>
        FluentActions.Invoking(() => Run(stop: true)).Should().Throw<OperationCanceledException>();

    private TestStage Run() => Run(stop: false);

    private TestStage Run(bool stop)
    {
        var stage = new TestStage(_folder.File("dataset"), seed: null) { WorkingDirectory = _folder.Root };
        if (stop)
            stage.Stop();
        var definition = new DatasetStage(new ImageFolderDatasetOptions("classes", 28, Classes));
        StageFactory.Create(definition).Run(stage.Context(definition));
        return stage;
    }
}
