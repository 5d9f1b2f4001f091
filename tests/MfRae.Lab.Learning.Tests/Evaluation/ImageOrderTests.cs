using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Evaluation;
using MfRae.Lab.Learning.Metrics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Evaluation;

/// <summary>Which numbers depend on the order in which images lie in a file or folder.</summary>
[Scoped]
public sealed class ImageOrderTests : IDisposable
{
    private const int Count = 90;
    private const int Classes = 3;

    // Features are float32, and the kernels of a batch differ with the place of an image in it.
    private const double Rounding = 1e-5;

    private readonly EvaluationLab _lab = new();
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _images;
    private readonly Tensor _labels = arange(Count, dtype: int64).div(Count / Classes, RoundingMode.floor).to(int64);

    public ImageOrderTests()
    {
        // Each class has its own brightness, so that parts of one class have a low score.
        var bright = (_labels.to(float32) + 1) / Classes;
        _images = (EvaluationLab.Images(1, Count).to(float32) * bright.view(-1, 1, 1, 1)).to(uint8);
        _lab.Array("sorted.npz", _images, _labels);
        Shuffled("shuffled.npz", 4);
        _lab.Array("reference.npz", EvaluationLab.Images(2, Count), arange(Count, dtype: int64).remainder(Classes));
        _lab.Array("train.npz", EvaluationLab.Images(3, 120));
    }

    public void Dispose()
    {
        _scope.Dispose();
        _lab.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(10)]
    public void The_default_inception_score_is_one_number_for_all_orders(int splits)
    {
        var sorted = Score("sorted.npz", splits);

        Score("shuffled.npz", splits).Should().BeApproximately(sorted, 1e-3 * (sorted - 1));
        Score(Shuffled("other.npz", 5), splits).Should().BeApproximately(sorted, 1e-3 * (sorted - 1));
    }

    [Fact]
    public void Class_folders_one_folder_and_an_array_of_the_same_images_give_one_inception_score()
    {
        var array = Score("sorted.npz", splits: 5);

        Score(_lab.Folder("classes", _images, _labels), splits: 5).Should().BeApproximately(array, 1e-3 * (array - 1));
        Score(_lab.Folder("flat", _images.index_select(0, Order(6))), splits: 5).Should().BeApproximately(array, 1e-3 * (array - 1));
    }

    [Fact]
    public void Values_and_intervals_are_those_of_the_images_in_any_order()
    {
        var sorted = Metrics("sorted.npz", "train.npz");
        _lab.Array("train2.npz", EvaluationLab.Images(3, 120).flip(0));
        var shuffled = Metrics("shuffled.npz", "train2.npz");

        shuffled.Keys.Should().BeEquivalentTo(sorted.Keys).And.Contain(["fidInfinity", "fidFloor", "memorisation.ratio", "classFid"]);
        foreach (var (name, metric) in sorted)
        {
            // Values of this size are differences of feature moments, whose rounding is absolute.
            var tolerance = Rounding * Math.Max(Math.Abs(metric.Value), sorted["fid"].Value);
            var other = shuffled[name];
            other.Value.Should().BeApproximately(metric.Value, tolerance, name);
            (other.Low ?? 0).Should().BeApproximately(metric.Low ?? 0, tolerance, name);
            (other.High ?? 0).Should().BeApproximately(metric.High ?? 0, tolerance, name);
        }
    }

    // Its subsets are those that torch-fidelity draws from the order of files: each is a random one, whatever the order.
    [Fact]
    public void The_order_moves_kernel_distance_by_no_more_than_its_choice_of_subsets()
    {
        var request = _lab.Request("sorted.npz", "reference.npz") with { Metrics = ["kid"], Draws = 500 };
        var sorted = _lab.Run(request).Spaces[0].Metrics[0];
        var shuffled = _lab.Run(request with { Samples = "shuffled.npz" }).Spaces[0].Metrics[0];

        Math.Abs(shuffled.Value - sorted.Value).Should().BeLessThan((sorted.High - sorted.Low)!.Value / 2);
    }

    [Theory]
    [InlineData("adm", 1, false)]
    [InlineData("torchFidelity", 1, false)]
    [InlineData("torchFidelity", 5, true)]
    public void Published_forms_keep_the_order_of_files_and_warn_of_sorted_classes(string form, int splits, bool warned)
    {
        var request = Request("sorted.npz", splits) with { InceptionScoreForm = form };
        _lab.Run(request);
        _lab.Lines.Any(line => line.Contains($"is.{form}", StringComparison.Ordinal)).Should().Be(warned);

        _lab.Lines.Clear();
        _lab.Run(request with { Samples = "shuffled.npz" });
        _lab.Lines.Should().NotContain(line => line.Contains($"is.{form}", StringComparison.Ordinal));
    }

    // Parts of 5,000 are too many images for a test of files.
    [Theory]
    [InlineData("adm", 12_000, "each of the 3 parts")]
    [InlineData("consecutive", 60, "each of the 4 parts")]
    [InlineData("torchFidelity", 60, "fixed permutation")]
    public void Sorted_samples_are_told_from_labels_or_else_from_predicted_classes(string form, int count, string message)
    {
        var options = new InceptionScoreOptions(4, form);
        var classes = arange(count, dtype: int64).div(count / Classes, RoundingMode.floor).to(int64).remainder(Classes);
        SampleSet Set(Tensor labels) => new(zeros(count, 2), nn.functional.one_hot(labels, Classes).to(float32), null, null, null, null, []);

        SortedSamples.Warning(options, Set(classes)).Should().Contain(message);
        SortedSamples.Warning(options, Set(classes) with { Labels = classes.flip(0) }).Should().Contain(message);
        SortedSamples.Warning(options, Set(arange(count, dtype: int64).remainder(Classes))).Should().BeNull();
        SortedSamples.Warning(options, Set(classes) with { Labels = classes.index_select(0, randperm(count, generator: new(1ul))) }).Should().BeNull();
        SortedSamples.Warning(options, Set(zeros(count, dtype: int64))).Should().BeNull("there is one class");
        SortedSamples.Warning(options with { Form = "contentOrder" }, Set(classes)).Should().BeNull();
        SortedSamples.Warning(options with { Form = form == "adm" ? "consecutive" : form, Splits = 1 }, Set(classes)).Should().BeNull();
    }

    private double Score(string samples, int splits) => _lab.Run(Request(samples, splits)).Spaces.Single().Metrics.Single().Value;

    private EvaluationRequest Request(string samples, int splits) =>
        _lab.Request(samples, "reference.npz") with { Metrics = ["is"], InceptionScoreSplits = splits };

    private Dictionary<string, EvaluatedMetric> Metrics(string samples, string train) =>
        _lab.Run(_lab.Request(samples, "reference.npz") with { Train = train, Draws = 100, InceptionScoreSplits = 3 }).Spaces.Single()
            .Metrics.Where(metric => !metric.Name.StartsWith("kid", StringComparison.Ordinal)).ToDictionary(metric => metric.Name);

    private string Shuffled(string name, int seed) =>
        _lab.Array(name, _images.index_select(0, Order(seed)), _labels.index_select(0, Order(seed)));

    private static Tensor Order(int seed) => tensor(Enumerable.Range(0, Count).Select(i => (long)i).OrderBy(i => (i + seed) * 7919 % 101).ToArray());
}
