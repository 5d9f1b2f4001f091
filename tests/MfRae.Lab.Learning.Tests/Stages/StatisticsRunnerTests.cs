using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Stages;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>Published statistics as a reference of an experiment, and a dataset without images.</summary>
[Scoped]
public sealed class StatisticsRunnerTests(TinyLab lab) : IClassFixture<TinyLab>
{
    [Fact]
    public void Values_against_published_statistics_are_those_against_their_images()
    {
        var file = Write("adm.npz", withImages: true);
        lab.Run("reference.statistics", new StatisticsStage(new(file)), "features");
        MetricOptions[] metrics = [new FidOptions(), new KidOptions(Subsets: 3, SubsetSize: 10), new PrecisionRecallOptions()];
        lab.Run("against the file", new EvaluationStage(metrics, ["statistics"], 0),
            [("samples", "samples1"), ("features", "features"), ("reference.statistics", "reference.statistics")]);
        lab.Run("against the images", new EvaluationStage(metrics, ["test"], 0),
            [("samples", "samples1"), ("features", "features"), ("reference.test", "reference.test")]);

        var (found, expected) = (lab.Stage("against the file").Measurements.ToList(), lab.Stage("against the images").Measurements.ToList());
        found.Select(one => one.Key).Should().Equal(expected.Select(one => one.Key)).And.Contain("precision@1");
        foreach (var (one, other) in found.Zip(expected))
            one.Value.Should().BeApproximately(other.Value!.Value, 1e-6 * (1 + Math.Abs(other.Value.Value)), "{0}", one.Key);
        found.Single(one => one.Key == "fid@1").Reference.Should().Be(FileHash.Of(file), "`evaluate` identifies the reference in the same way");
        lab.Stage("reference.statistics").Events.OfType<ImageEvent>().Should().ContainSingle();
    }

    [Fact]
    public void Statistics_alone_are_enough_for_FID()
    {
        lab.Run("statistics alone", new StatisticsStage(new(Write("alone.npz", withImages: false))), "features");
        lab.Run("fid of statistics alone", new EvaluationStage([new FidOptions()], ["statistics"], 0),
            [("samples", "samples1"), ("features", "features"), ("reference.statistics", "statistics alone")]);

        lab.Stage("fid of statistics alone").Measurements.Should().HaveCount(2).And.OnlyContain(one => one.Value >= 0);
        Npz.Write(lab.At("narrow.npz"), [("mu", StoredTensor.Of(zeros(3, dtype: float64))), ("sigma", StoredTensor.Of(eye(3, dtype: float64)))]);
        var narrow = () => lab.Run("narrow", new StatisticsStage(new(lab.At("narrow.npz"))), "features");
        narrow.Should().Throw<LabException>().WithMessage("*has statistics of 3 features, but the feature network has 32*");
    }

    [Fact]
    public void A_dataset_without_images_has_their_size_and_classes()
    {
        lab.Run("no images", new DatasetStage(new NoImagesDatasetOptions(64, 7)));
        using var images = DatasetFiles.Open(new TestStage(lab.At("reader"), 0, ("dataset", lab.At("no images"))).Context(), DatasetFiles.Train);

        (images.Count, images.Classes, images.Shape).Should().Be((0, 7, new ImageShape(3, 64, 64)));
    }

    private string Write(string name, bool withImages)
    {
        var reference = Safetensors.Read(lab.At("reference.test/reference.safetensors"));
        List<(string, StoredTensor)> arrays = [("mu", StoredTensor.Of(reference["mean"])), ("sigma", StoredTensor.Of(reference["covariance"]))];
        if (withImages)
        {
            using var images = LabeledImages.Load(lab.At("dataset/test.safetensors"));
            arrays.Add(("arr_0", StoredTensor.Of(images.Images.permute(0, 2, 3, 1).contiguous())));
        }

        Npz.Write(lab.At(name), arrays);
        return lab.At(name);
    }
}
