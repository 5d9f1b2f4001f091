using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Formats;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>The snapshots of a training, and the stage that reads them.</summary>
[Scoped]
public sealed class SnapshotStageTests(TinyLab lab) : IClassFixture<TinyLab>
{
    [Fact]
    public void Snapshots_are_what_training_started_from_and_what_it_became()
    {
        using var scope = NewDisposeScope();
        var (start, cmt) = (Safetensors.Read(lab.At("meanflow1/snapshot.0.safetensors")), Network("cmt"));

        start.Tensors.Keys.Should().BeEquivalentTo(cmt.Tensors.Keys);
        start.Tensors.Should().OnlyContain(entry => entry.Value.Read().equal(cmt[entry.Key]).all().item<bool>());
        var (middle, end) = (Safetensors.Read(lab.At("meanflow1/snapshot.1.safetensors")), Network("meanflow1"));
        middle.Tensors.Should().Contain(entry => !entry.Value.Read().equal(start[entry.Key]).all().item<bool>())
            .And.Contain(entry => !entry.Value.Read().equal(end[entry.Key]).all().item<bool>());
    }

    [Fact]
    public void The_last_snapshot_is_measured_as_the_samples_are()
    {
        var curve = lab.Stage("snapshots1").Events.OfType<MetricsEvent>().ToList();

        curve.Select(point => point.Step).Should().Equal(0, 1, 3);
        // The evaluation takes its distance from the eigenvectors that its interval needs, a snapshot from eigenvalues alone: the same sum of
        // float64 numbers in another order.
        var fid = lab.Stage("evaluation1").Measurements.Single(value => value.Key == "fid@1").Value!.Value;
        curve[^1].Values.Keys.Should().Equal("fid@1");
        curve[^1].Values["fid@1"].Should().BeApproximately(fid, 1e-9 * fid);
        curve.Select(point => point.Values["fid@1"]).Should().OnlyHaveUniqueItems();
        lab.Stage("snapshots1").Events.OfType<ImageEvent>().Select(image => image.Name)
            .Should().Equal("snapshot@0", "snapshot@1", "snapshot@3");
    }

    [Fact]
    public void A_watched_training_has_the_weights_of_an_unwatched_one_and_a_curve_of_its_FID()
    {
        using var scope = NewDisposeScope();
        var plain = Network("meanflow1");

        Network("watched").Tensors.Should().OnlyContain(entry => entry.Value.Read().equal(plain[entry.Key]).all().item<bool>());
        var watched = lab.Stage("watched").Events.OfType<MetricsEvent>().Where(point => point.Values.ContainsKey("watch.fid@1")).ToList();
        watched.Select(point => point.Step).Should().Equal(2);
        watched[0].Values["watch.fid@1"].Should().BeGreaterThan(0);
        lab.Stage("watched").Events.OfType<ProgressEvent>().Should().OnlyContain(progress => progress.Unit == "step");
    }

    private TensorFile Network(string stage) => Safetensors.Read(lab.At($"{stage}/network.safetensors"));
}
