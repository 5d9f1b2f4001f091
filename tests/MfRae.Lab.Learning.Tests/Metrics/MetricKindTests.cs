using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Metrics;
using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Metrics;

/// <summary>Each kind of metric by its options: names, identity, and the message for a missing input.</summary>
[Scoped]
public sealed class MetricKindTests
{
    private const int Width = 6;

    public static TheoryData<MetricOptions, string> Missing => new()
    {
        { new FidOptions(), "fid needs a reference" },
        { new SfidOptions(), "sfid needs a reference" },
        { new KidOptions(), "kid needs a reference" },
        { new PrecisionRecallOptions(), "precisionRecall needs a reference" },
        { new ClassFidOptions(), "classFid needs a reference" },
        { new FidInfinityOptions(), "fidInfinity needs a reference" },
        { new FidFloorOptions(), "fidFloor needs a reference" },
        { new MemorisationOptions(), "memorisation needs a reference of the split `train`" },
        { new InceptionScoreOptions(), "inceptionScore needs the samples' class scores" },
        { new ClassAccuracyOptions(), "classAccuracy needs the samples' class scores" },
        { new EndpointErrorOptions(), "endpointError needs the samples' latents" },
    };

    [Theory]
    [MemberData(nameof(Missing))]
    public void What_is_missing_is_named(MetricOptions options, string message)
    {
        using var scope = NewDisposeScope();
        var bare = new SampleSet(Clouds.Normal(0, 50, Width), null, null, null, null, null, []);
        Clouds.Refused(() => Metric.Compute(options, bare).ToList()).Message.Should().StartWith(message);
    }

    public static TheoryData<MetricOptions, string> MissingRows => new()
    {
        { new SfidOptions(), "sfid needs the samples' spatial statistics" },
        { new KidOptions(), "kid needs kept features of the reference `test`" },
        { new PrecisionRecallOptions(), "precisionRecall needs kept features of the reference `test`" },
        { new ClassFidOptions(), "classFid needs the samples' labels" },
        { new FidFloorOptions(), "fidFloor needs a reference of the split `train`" },
        { new MemorisationOptions(), "memorisation needs a reference of the split `train`" },
    };

    [Theory]
    [MemberData(nameof(MissingRows))]
    public void What_a_reference_lacks_is_named(MetricOptions options, string message)
    {
        using var scope = NewDisposeScope();
        var bare = new SampleSet(Clouds.Normal(0, 50, Width), null, null, null, null, null, [new("test", Clouds.Truth(Width), "t")]);
        Clouds.Refused(() => Metric.Compute(options, bare).ToList()).Message.Should().StartWith(message);
    }

    public static TheoryData<MetricOptions, string[]> Names => new()
    {
        { new FidOptions(), ["fid", "fid.train"] },
        { new SfidOptions(), ["sfid", "sfid.train"] },
        { new KidOptions(), ["kid.300"] },
        { new KidOptions(SubsetSize: 50), ["kid.50"] },
        { new PrecisionRecallOptions(), ["precision", "recall", "density", "coverage"] },
        { new ClassFidOptions(), ["classFid", "classFid.worst", "classFid.0", "classFid.1", "classFid.2"] },
        { new FidInfinityOptions(), ["fidInfinity"] },
        { new FidFloorOptions(), ["fidFloor"] },
        { new MemorisationOptions(), ["memorisation.ratio", "memorisation.share"] },
        { new InceptionScoreOptions(), ["is"] },
        { new InceptionScoreOptions(Form: "adm"), ["is.adm"] },
        { new InceptionScoreOptions(10, "torchFidelity"), ["is.torchFidelity"] },
        { new ClassAccuracyOptions(), ["accuracy"] },
        { new EndpointErrorOptions(), ["endpointError"] },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_kind_yields_its_values(MetricOptions options, string[] names)
    {
        using var scope = NewDisposeScope();
        var values = Metric.Compute(options, Complete(), draws: 50).ToList();
        values.Select(value => value.Name).Should().Equal(names);
        foreach (var value in values)
        {
            double.IsFinite(value.Value).Should().BeTrue(value.Name);
            if (value.Name is "classFid.worst" || options is SfidOptions)
                value.Low.Should().BeNull();
            else
                value.Low.Should().BeLessThanOrEqualTo(value.Value).And.BeLessThan(value.High!.Value, value.Name);
        }
        Metric.Compute(options, Complete(), draws: 0).Should().OnlyContain(value => value.Low == null && value.High == null);
    }

    // A metric must dispose all its tensors when it returns, except the cached parts of a reference.
    [Theory]
    [MemberData(nameof(Names))]
    public void A_second_set_leaves_no_tensor_behind(MetricOptions options, string[] names)
    {
        using var scope = NewDisposeScope();
        var set = Complete();
        Metric.Compute(options, set, draws: 20).Should().HaveCount(names.Length);
        var again = set with { Latents = set.Latents };
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        Metric.Compute(options, again, draws: 20).Should().HaveCount(names.Length);
        DisposeScopeManager.Statistics.ThreadTotalLiveCount.Should().Be(before);
    }

    [Fact]
    public void A_class_that_drifted_is_the_worst_and_only_its_value_says_so()
    {
        using var scope = NewDisposeScope();
        var set = Complete();
        var drifted = set with { Features = set.Features + (set.Labels!.eq(1).to(float32).unsqueeze(1) * 3) };
        var values = Metric.Compute(new ClassFidOptions(), drifted, draws: 0).ToDictionary(value => value.Name, value => value.Value);
        values["classFid.worst"].Should().Be(values["classFid.1"]).And.BeGreaterThan(20 * values["classFid.0"]);
        values["classFid"].Should().BeApproximately((values["classFid.0"] + values["classFid.1"] + values["classFid.2"]) / 3, 1e-9);
        Clouds.Refused(() => Metric.Compute(new ClassFidOptions(), set with { Labels = arange(300, dtype: int64) }).ToList())
            .Message.Should().Contain("class 0 has 1 among the samples");
    }

    [Fact]
    public void The_floor_is_the_FID_of_training_images_and_has_no_direction()
    {
        using var scope = NewDisposeScope();
        var floor = Metric.Compute(new FidFloorOptions(), Complete()).Single();
        var far = Metric.Compute(new FidOptions(), Complete()).First();
        floor.Value.Should().BeLessThan(far.Value);
        (MetricCatalogue.HigherIsBetter(floor.Name), floor.Samples, floor.Reference).Should().Be((null, 300, "test hash"));
    }

    [Fact]
    public void Copies_are_nearer_to_training_images_than_new_images()
    {
        using var scope = NewDisposeScope();
        var set = Complete();
        var train = set.References[1].Features!;
        var copies = set with { Features = train.slice(0, 0, 300, 1) + 1e-3 };
        var fresh = set with { Features = Clouds.Normal(77, 300, Width) };
        MetricValue[] Values(SampleSet given) => [.. Metric.Compute(new MemorisationOptions(), given)];

        Values(copies)[0].Value.Should().BeLessThan(0.05);
        Values(copies)[1].Value.Should().Be(1);
        Values(fresh)[0].Value.Should().BeApproximately(1, 0.1);
        Values(fresh)[1].Value.Should().BeLessThan(0.04);
        Clouds.Refused(() => Metric.Compute(
            new MemorisationOptions(), set with { References = [new("test", Clouds.Truth(Width), "t", Features: train), set.References[1]] })
            .ToList()).Message.Should().Contain("most test images are training images");
    }

    [Fact]
    public void A_damaged_set_is_refused_by_every_metric_of_features()
    {
        using var scope = NewDisposeScope();
        var set = Complete();
        var broken = set.Features.clone();
        broken[17, 2] = float.PositiveInfinity;
        MetricOptions[] all =
            [new FidOptions(), new ClassFidOptions(), new FidInfinityOptions(), new PrecisionRecallOptions(), new KidOptions(), new MemorisationOptions()];
        foreach (var options in all)
        {
            Clouds.Refused(() => Metric.Compute(options, set with { Features = broken }).ToList())
                .Message.Should().Contain("not finite", options.GetType().Name);
        }
    }

    private static SampleSet Complete()
    {
        var random = new RandomSource(5, CPU);
        var labels = arange(300, dtype: int64).remainder(3);
        var (test, train) = (Clouds.Normal(101, 300, Width), Clouds.Normal(102, 900, Width));
        return new(
            Clouds.Normal(100, 300, Width, 0.3), random.Normal("logits", 0, 300, 3) * 2, Clouds.Truth(4, 0.2), labels,
            random.Normal("latents", 0, 20, 2, 2, 2), random.Normal("latents", 1, 20, 2, 2, 2),
            [
                new("test", FeatureStatistics.Of(test), "test hash", Clouds.Truth(4), test, labels),
                new("train", FeatureStatistics.Of(train), "train hash", Clouds.Truth(4), train, arange(900, dtype: int64).remainder(3)),
            ]);
    }
}
