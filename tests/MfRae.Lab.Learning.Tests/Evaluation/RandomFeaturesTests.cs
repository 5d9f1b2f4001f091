using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Stages;
using MfRae.Lab.Learning.Tests.Stages;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Evaluation;

/// <summary>The untrained network judges images: its Fréchet distance rises under every corruption of images of the embedded dataset.</summary>
[Scoped]
public sealed class RandomFeaturesTests : IDisposable
{
    private const int Count = 1000;

    private readonly RandomConvolution _network = new(new RandomConvolutionOptions());
    private readonly Weights _weights;
    private readonly LabeledImages _images;
    private readonly FrechetReference _reference;

    public RandomFeaturesTests()
    {
        _weights = _network.Weights(CPU);
        _images = IdxDataset.Test(Repository.File("data/fashion-mnist"), 2 * Count);
        _reference = FrechetReference.Of(FeatureStatistics.Of(Features(_images.Images.slice(0, 0, Count, 1))));
    }

    public void Dispose()
    {
        _weights.Dispose();
        _images.Dispose();
    }

    [Fact]
    public void The_distance_rises_with_noise() => Rises([0, 2, 5, 10, 20, 40, 80], level =>
        Bytes(Fresh.to(float32) + (new RandomSource(0, CPU).Normal("noise", 0, Fresh.shape) * level)));

    [Fact]
    public void The_distance_rises_with_blur() => Rises([0, 0.5, 0.75, 1, 2, 4], deviation => deviation == 0 ? Fresh : Bytes(Resampling.Apply(
        Fresh.to(float32), Resampling.Gaussian(Fresh.shape[2], deviation), Resampling.Gaussian(Fresh.shape[3], deviation))));

    // Of the reference images themselves: among other images, an imbalance of a fifth is within the distance of two sets of 1,000 images.
    [Fact]
    public void The_distance_rises_when_one_class_replaces_the_others() => Rises([0, 0.05, 0.1, 0.2, 0.4, 0.8], share =>
    {
        var (images, replaced) = (_images.Images.slice(0, 0, Count, 1), (long)(share * Count));
        var boots = _images.Labels.slice(0, 0, Count, 1).eq(9).nonzero().flatten();
        return cat([images.slice(0, replaced, Count, 1), images.index_select(0, boots.repeat(Count)).slice(0, 0, replaced, 1)]);
    });

    [Fact]
    public void The_file_is_a_function_of_the_options()
    {
        using var folder = new TemporaryFolder();
        string Hash(string name, RandomConvolutionOptions options)
        {
            var stage = new TestStage(folder.File(name), seed: 0);
            StageFactory.Create(new FeatureStage(options)).Run(stage.Context(new FeatureStage(options)));
            return FileHash.Of(folder.File(name + "/features.safetensors"));
        }

        Hash("one", new()).Should().Be(Hash("again", new()));
        Hash("other", new(Seed: 1)).Should().NotBe(Hash("one more", new()));
    }

    [Fact]
    public void Features_are_two_numbers_for_each_channel()
    {
        Features(_images.Images.slice(0, 0, 3, 1)).shape.Should().Equal(3, _network.Features);
        _network.Features.Should().Be(2 * (16 + 32 + 64));
    }

    private Tensor Fresh => _images.Images.slice(0, Count, 2 * Count, 1);

    private void Rises(double[] levels, Func<double, Tensor> images)
    {
        var distances = levels.Select(level => _reference.Distance(FeatureStatistics.Of(Features(images(level))))).ToArray();

        distances.Should().BeInAscendingOrder().And.OnlyHaveUniqueItems();
        distances[^1].Should().BeGreaterThan(10 * distances[0]);
    }

    private Tensor Features(Tensor images)
    {
        using var quiet = no_grad();
        return _network.Pool(_weights, LabeledImages.ToUnit(images).expand(-1, 3, -1, -1));
    }

    private static Tensor Bytes(Tensor values) => values.round().clamp(0, 255).to(uint8);
}
