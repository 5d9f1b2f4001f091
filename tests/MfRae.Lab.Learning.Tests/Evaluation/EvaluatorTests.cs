using MfRae.Lab.Learning.Evaluation;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Evaluation;

[Scoped]
public sealed class EvaluatorTests : IDisposable
{
    private readonly EvaluationLab _lab = new();
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _samples = EvaluationLab.Images(1, 70);
    private readonly Tensor _reference = EvaluationLab.Images(2, 90);

    public EvaluatorTests()
    {
        _lab.Array("samples.npz", _samples, arange(70, dtype: int64).remainder(3));
        _lab.Array("reference.npz", _reference);
    }

    public void Dispose()
    {
        _scope.Dispose();
        _lab.Dispose();
    }

    [Fact]
    public void Fid_is_that_of_the_networks_features()
    {
        var space = _lab.Run("samples.npz", "reference.npz").Spaces.Single();

        using var network = FeatureNetworks.Open(EvaluationLab.Choice("embedded"), _lab.At(""), CPU);
        var expected = FrechetDistance.Between(
            FeatureStatistics.Of(network.Extract(_samples).Features), FeatureStatistics.Of(network.Extract(_reference).Features));
        Value(space, "fid").Should().BeApproximately(expected, 1e-6 * expected);
        space.Identity.Preprocessing.Should().Be("uint8, 12x12, [-1, 1]");
        space.Reference.Count.Should().Be(90);
    }

    [Fact]
    public void The_same_request_gives_the_same_numbers_with_the_cache_and_without()
    {
        var first = Values(_lab.Run("samples.npz", "reference.npz"));
        var cached = Values(_lab.Run("samples.npz", "reference.npz"));
        var fresh = Values(_lab.Run(_lab.Request("samples.npz", "reference.npz") with { Cache = null }));

        cached.Should().Equal(first);
        fresh.Should().Equal(first);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    [InlineData(500)]
    public void How_many_images_go_at_a_time_changes_no_more_than_rounding(int batch)
    {
        var usual = Values(_lab.Run("samples.npz", "reference.npz"));
        var other = Values(_lab.Run(_lab.Request("samples.npz", "reference.npz") with { Batch = batch, Cache = null }));

        other.Should().HaveSameCount(usual);
        var fid = usual.Single(value => value.Name == "fid").Value;
        foreach (var (one, two) in usual.Zip(other))
        {
            // Features are float32, and batches of other sizes go through other kernels: about 1e-7 of a value, depending on the processor.
            // The extrapolated value is a difference of values of FID's size, with weights above 1.
            var size = one.Name == "fidInfinity" ? 10 * fid : Math.Abs(one.Value);
            two.Value.Should().BeApproximately(one.Value, 1e-5 * size, one.Name);
        }
    }

    [Fact]
    public void A_folder_of_the_same_images_gives_the_same_numbers()
    {
        _lab.Folder("samples", _samples);

        // Features are float32; images from a folder and from an array may lie in memory in other ways, which other kernels serve.
        var array = Value(_lab.Run("samples.npz", "reference.npz").Spaces.Single(), "fid");
        Value(_lab.Run("samples", "reference.npz").Spaces.Single(), "fid").Should().BeApproximately(array, 1e-6 * array);
    }

    [Fact]
    public void What_cannot_be_computed_is_said()
    {
        var space = _lab.Run("reference.npz", "samples.npz").Spaces.Single();

        space.Skipped.Should().Contain(new SkippedMetric("accuracy", "the samples have no classes"));
        FluentActions.Invoking(() => _lab.Run(_lab.Request("reference.npz", "samples.npz") with { Metrics = ["accuracy"] }))
            .Should().Throw<RequestException>().WithMessage("accuracy*no classes");
    }

    [Fact]
    public void Every_metric_is_computed_where_its_inputs_are_there()
    {
        _lab.Array("samples.npz", _samples, arange(70, dtype: int64).remainder(3));
        _lab.Array("reference.npz", _reference, arange(90, dtype: int64).remainder(3));
        _lab.Array("train.npz", EvaluationLab.Images(3, 80));

        var space = _lab.Run(_lab.Request("samples.npz", "reference.npz") with { Train = "train.npz", Draws = 50 }).Spaces.Single();

        // A network of random weights knows no class.
        space.Skipped.Select(metric => metric.Metric).Should().Equal("sfid", "accuracy");
        space.Metrics.Select(metric => metric.Name).Should().Contain(
        [
            "fid", "fid.train", "is", "kid.70", "precision", "recall", "density", "coverage", "fidInfinity", "classFid", "classFid.worst",
            "fidFloor", "memorisation.ratio", "memorisation.share",
        ]);
        space.Metrics.Where(metric => metric.Name is "fid" or "is" or "precision")
            .Should().OnlyContain(metric => metric.Low <= metric.Value && metric.Value <= metric.High && metric.Low < metric.High);
        space.Metrics.Should().OnlyContain(metric => metric.Definition.Length > 0);
    }

    [Fact]
    public void Samples_that_were_copied_are_found_among_the_training_images()
    {
        var train = EvaluationLab.Images(3, 80);
        _lab.Array("train.npz", train);
        _lab.Array("copies.npz", train.slice(0, 40, 60, 1));

        var space = _lab.Run(_lab.Request("copies.npz", "reference.npz") with { Train = "train.npz", Metrics = ["memorisation"] }).Spaces.Single();

        Value(space, "memorisation.ratio").Should().BeLessThan(0.01);
        Value(space, "memorisation.share").Should().Be(1);
        space.Neighbours.Should().HaveCount(16);
        space.Neighbours[0].Nearest.Should().HaveCount(3).And.BeInAscendingOrder(near => near.Distance);
        space.Neighbours[0].Sample.Should().Contain("image 0 of").And.Contain("copies.npz");
        space.Neighbours[0].Nearest[0].Image.Should().Contain("image 40 of").And.Contain("train.npz");
    }

    [Fact]
    public void Training_images_are_no_reference_for_memorisation()
    {
        var request = _lab.Request("samples.npz", "reference.npz") with { Train = "reference.npz" };

        _lab.Run(request).Spaces.Single().Skipped.Should().Contain(new SkippedMetric("fidFloor", "the reference and the training images are the same"));
        FluentActions.Invoking(() => _lab.Run(request with { Metrics = ["memorisation"] }))
            .Should().Throw<RequestException>().WithMessage("memorisation*training images are the same");
    }

    [Fact]
    public void Classes_of_other_names_are_not_compared()
    {
        _lab.Array("reference.npz", _reference, arange(90, dtype: int64).remainder(4));

        _lab.Run("samples.npz", "reference.npz").Spaces.Single().Skipped.Should().Contain(
            new SkippedMetric("classFid", "the samples have 3 classes (0, 1, 2), the reference has 4 (0, 1, 2, …)"));
    }

    [Fact]
    public void Class_accuracy_is_not_computed_where_the_networks_classes_are_others()
    {
        // Folders 0 … 11 in the order of torchvision: 0, 1, 10, 11, 2, …
        string[] names = ["0", "1", "10"];
        for (var i = 0; i < 6; i++)
        {
            Directory.CreateDirectory(_lab.At($"folders/{names[i % 3]}"));
            EvaluationLab.Png(_lab.At($"folders/{names[i % 3]}/{i}.png"), _samples[i]);
        }

        _lab.Run("folders", "reference.npz").Spaces.Single().Skipped.Should().Contain(new SkippedMetric(
            "accuracy", "the samples have 3 classes (0, 1, 10), and embedded Fashion-MNIST network predicts 3 others (0, 1, 2)"));
    }

    [Fact]
    public void What_a_later_network_cannot_give_is_refused_before_the_first_sees_all_images()
    {
        var wide = new InceptionNetwork(30, 3);
        using (var weights = Weights.Initialise(wide.Declare(), new(9, CPU), CPU))
            weights.Save(_lab.At("wide.safetensors"), NetworkMetadata.Of(wide));
        var request = _lab.Request("samples.npz", "reference.npz") with
        {
            Features = [EvaluationLab.Choice("embedded"), EvaluationLab.Choice("wide.safetensors")],
            Metrics = ["fidInfinity"],
        };

        FluentActions.Invoking(() => _lab.Run(request)).Should().Throw<RequestException>().WithMessage("fidInfinity*480 samples*");
        _lab.Steps.Should().NotContain(step => step.What.Contains("features of"));
    }

    [Fact]
    public void Too_few_images_for_a_covariance_of_full_rank_are_told_once()
    {
        _lab.Array("few.npz", _samples.slice(0, 0, 32, 1));

        var space = _lab.Run(_lab.Request("few.npz", "reference.npz") with { Draws = 10 }).Spaces.Single();

        space.Warnings.Should().ContainSingle().Which.Should().StartWith("fid: 32 samples are too few").And.Contain("33 images for 32 features");
        _lab.Lines.Should().ContainSingle().Which.Should().StartWith("warning: fid:");
        _lab.Lines.Clear();
        _lab.Run("samples.npz", "reference.npz").Spaces.Single().Warnings.Should().BeEmpty();
    }

    [Fact]
    public void A_metric_that_fails_for_its_numbers_is_left_out_unless_it_was_asked_for()
    {
        // All training images, but in another order: nothing among the reference that was not trained on.
        _lab.Array("train.npz", _reference.flip(0));
        var request = _lab.Request("samples.npz", "reference.npz") with { Train = "train.npz" };

        _lab.Run(request).Spaces.Single().Skipped.Should().Contain(skipped => skipped.Metric == "memorisation" && skipped.Reason.Contains("training images"));
        FluentActions.Invoking(() => _lab.Run(request with { Metrics = ["memorisation"] })).Should().Throw<MfRae.Lab.Core.LabException>();
    }

    [Fact]
    public void Two_networks_give_two_sets_of_numbers_each_with_its_identity()
    {
        var other = new InceptionNetwork(6, 3);
        using (var weights = Weights.Initialise(other.Declare(), new(9, CPU), CPU))
            weights.Save(_lab.At("other.safetensors"), NetworkMetadata.Of(other));
        var request = _lab.Request("samples.npz", "reference.npz") with
        {
            Features = [EvaluationLab.Choice("embedded"), EvaluationLab.Choice("other.safetensors")],
        };

        var spaces = _lab.Run(request).Spaces;

        spaces.Select(space => space.Width).Should().Equal(32, 48);
        spaces.Select(space => space.Identity.Extractor).Should().OnlyHaveUniqueItems();
        Value(spaces[0], "fid").Should().NotBe(Value(spaces[1], "fid"));
    }

    [Fact]
    public void A_ladder_of_corruption_rises()
    {
        var ladder = _lab.Run(_lab.Request("samples.npz", "reference.npz") with { Ladder = true }).Spaces.Single().Ladder!;

        ladder.Images.Should().Be(90);
        ladder.Levels.Where(level => level.Level == 0).Should().OnlyContain(level => Math.Abs(level.Fid) < 1e-6);
        ladder.Levels.Select(level => level.Kind).Distinct().Should().Equal("noise", "blur");
        ladder.IsMonotone.Should().BeTrue();
        (ladder with { Levels = [new("noise", 0, 1), new("noise", 10, 1)] }).IsMonotone.Should().BeFalse();
    }

    private static List<(string Name, double Value)> Values(EvaluationResult result) =>
        [.. result.Spaces.SelectMany(space => space.Metrics).Select(metric => (metric.Name, metric.Value))];

    private static double Value(EvaluatedSpace space, string name) => space.Metrics.Single(metric => metric.Name == name).Value;
}
