using MfRae.Lab.Learning.Evaluation;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Evaluation;

/// <summary>Folders as users have them: the files that are read, the report, and the numbering of the classes.</summary>
[Scoped]
public sealed class FolderInputTests : IDisposable
{
    private const int Classes = 12;

    private readonly EvaluationLab _lab = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _lab.Dispose();
    }

    [Fact]
    public void Hidden_copies_of_images_are_no_images()
    {
        var samples = Run(Golden.Path("cases", "hidden")).Samples;

        samples.Count.Should().Be(4);
        samples.Classes.Should().Be(0);
        samples.PassedOver!.Hidden.Should().Be(1);
        _lab.Lines.Should().ContainSingle(line => line.EndsWith("hidden: passed over 1 name that begins with a dot", StringComparison.Ordinal));
    }

    [Fact]
    public void What_can_be_decoded_is_read_and_other_formats_are_reported()
    {
        var samples = Run(Golden.Path("cases", "mixed-extensions")).Samples;

        samples.Count.Should().Be(6, "four png, one webp, one bmp");
        samples.PassedOver!.Unread.Should().Equal(new Dictionary<string, long> { [".tif"] = 1 });
        _lab.Lines.Should().Contain(line => line.Contains("formats that are not read: 1 .tif"));
    }

    [Fact]
    public void A_stop_ends_the_reading_of_a_folder()
    {
        _lab.Folder("samples", EvaluationLab.Images(1, 4));
        _lab.Array("reference.npz", EvaluationLab.Images(2, 10));
        using var stop = new CancellationTokenSource();
        stop.Cancel();

        FluentActions.Invoking(() => _lab.Run(_lab.Request("samples", "reference.npz"), stop.Token)).Should().Throw<OperationCanceledException>();
    }

    [Fact]
    public void Class_folders_of_other_names_are_not_compared()
    {
        Folder("samples", 1, label => label == 1 ? "dog" : "cat");
        Folder("reference", 2, label => label == 1 ? "fish" : "cat");

        _lab.Run("samples", "reference").Spaces.Single().Skipped.Should().Contain(
            new SkippedMetric("classFid", "class folders differ: the samples have 'dog' where the reference has 'fish'"));
    }

    [Fact]
    public void Labels_of_a_file_count_class_folders_in_ordinal_order()
    {
        var order = Enumerable.Range(0, Classes).Select(label => $"{label}").Order(StringComparer.Ordinal).ToList();
        var labels = arange(5L * Classes, dtype: int64).remainder(Classes);
        var images = EvaluationLab.Images(1, 5 * Classes);
        Folder("reference", 2, label => $"{label}");
        _lab.Folder("folders", images, labels);
        _lab.Array("ordinal.npz", images, tensor(labels.data<long>().Select(label => (long)order.IndexOf($"{label}")).ToArray()));
        _lab.Array("numeric.npz", images, labels);

        var folders = ClassFid("folders");
        _lab.Lines.Should().BeEmpty();
        ClassFid("ordinal.npz").Should().BeApproximately(folders, 1e-6 * folders, "the same images in the same classes, in another order");
        _lab.Lines.Should().ContainSingle().Which.Should().EndWith("number them: 0, 1, 10, 11, 2, …").And.Contain("labels in ordinal.npz");
        ClassFid("numeric.npz").Should().NotBeApproximately(folders, 0.01 * folders, "other images are in these classes");
    }

    private double ClassFid(string samples) =>
        _lab.Run(_lab.Request(samples, "reference") with { Metrics = ["classFid"] }).Spaces.Single().Metrics.Single(metric => metric.Name == "classFid").Value;

    private EvaluationResult Run(string samples)
    {
        _lab.Array("reference.npz", EvaluationLab.Images(2, 10, side: 28));
        return _lab.Run(_lab.Request(samples, "reference.npz") with { Metrics = ["fid"] });
    }

    private void Folder(string name, int seed, Func<long, string> called)
    {
        var images = EvaluationLab.Images(seed, 5 * Classes);
        for (var i = 0; i < 5 * Classes; i++)
        {
            var inside = $"{name}/{called(i % Classes)}";
            Directory.CreateDirectory(_lab.At(inside));
            EvaluationLab.Png(_lab.At($"{inside}/{i:D4}.png"), images[i]);
        }
    }
}
