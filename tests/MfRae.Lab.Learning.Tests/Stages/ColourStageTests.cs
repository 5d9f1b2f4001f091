using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Sampling;
using MfRae.Lab.Learning.Stages;
using SkiaSharp;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>The paper's path at toy size, from image files and released weights to measured colour samples.</summary>
[Scoped]
public sealed class ColourStageTests(ColourLab colour) : IClassFixture<ColourLab>, IDisposable
{
    private readonly PlannedLab _lab = colour.Lab;
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void Every_number_of_every_stage_is_finite()
    {
        var measured = _lab.AllEvents.Where(entry => entry.Event is MeasuredEvent).ToList();
        measured.Should().HaveCountGreaterThan(30);
        measured.Should().OnlyContain(entry => double.IsFinite(((MeasuredEvent)entry.Event).Measurement.Value ?? double.NaN));
        _lab.AllEvents.Select(entry => entry.Event).OfType<MetricsEvent>().Should().HaveCountGreaterThan(10)
            .And.OnlyContain(metrics => metrics.Values.Values.All(value => value != null));
    }

    [Fact]
    public void No_stage_leaves_tensors_behind_where_latents_are_encoded_as_they_are_drawn() =>
        _lab.LeftTensors.Where(left => left.Value != 0 && !TinyLab.KeepsReferences(left.Key)).Should().BeEmpty();

    [Fact]
    public void A_batch_of_encoded_images_leaves_its_latents_and_labels_alone()
    {
        static long Live() => DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        var context = _lab.Context(ColourLab.Released, "meanflow");
        var before = Live();
        using (var source = new EncodedImages(context, 4))
        {
            // The first batch loads the encoder, and the batches that it announces need the order of the next epoch.
            var (first, firstLabels) = source.Draw(1);
            var loaded = Live();
            var (latents, labels) = source.Draw(2);
            Live().Should().Be(loaded + 2);
            foreach (var tensor in new[] { first, firstLabels, latents, labels })
                tensor.Dispose();
        }

        Live().Should().Be(before);
    }

    [Fact]
    public void Samples_of_both_arms_are_measured_alike()
    {
        foreach (var arm in new[] { ColourLab.Released, ColourLab.Own })
        {
            var measured = _lab.Events(arm, "evaluation").OfType<MeasuredEvent>().Select(entry => entry.Measurement).ToList();
            measured.Select(value => value.Key).Should().Equal(
                "fid@1", "fid.train@1", "is@1", "accuracy@1", "endpointError@1", "fid@2", "fid.train@2", "is@2", "accuracy@2", "endpointError@2");
            measured[0].Preprocessing.Should().Be("uint8, 32x32 RGB, [-1, 1]");
        }
    }

    [Fact]
    public void The_dataset_stage_leaves_an_index_and_no_images() =>
        Files(ColourLab.Released, "dataset").Should().BeEquivalentTo("train.index.json", "test.index.json");

    [Fact]
    public void Latents_that_are_not_kept_leave_their_statistics_alone()
    {
        Files(ColourLab.Released, "latents").Should().BeEquivalentTo("statistics.safetensors");
        Files(ColourLab.Own, "latents").Should().BeEquivalentTo("statistics.safetensors", "latents.safetensors");

        var statistics = LatentStatistics.Load(Path.Combine(_lab.Folder(ColourLab.Released, "latents"), LatentRunner.Statistics));
        statistics.Variance.unique().output.data<float>().ToArray().Should().Equal(2);
        statistics.Epsilon.Should().Be(1e-5);
    }

    [Fact]
    public void A_released_encoder_becomes_a_file_that_describes_itself()
    {
        var (encoder, weights) = NetworkFiles.LoadEncoder(
            Path.Combine(_lab.Folder(ColourLab.Released, "encoder"), NetworkFiles.Encoder), CPU);
        using var loaded = weights;
        var pixels = rand(2, 3, 32, 32, generator: new Generator(1, CPU)) * 2 - 1;

        encoder.Shape.Should().Be(colour.Encoder.Shape);
        // Tokens after the last norm are of size 1. The file's encoder scales pixels itself, which rounds in float32.
        (encoder.Encode(loaded, pixels) - colour.Encoder.Encode(colour.EncoderWeights, (pixels + 1) / 2)).abs().max().item<float>()
            .Should().BeLessThan(1e-5f);
    }

    [Fact]
    public void A_released_teacher_is_read_from_inside_its_checkpoint()
    {
        var (teacher, weights) = NetworkFiles.LoadGenerator(
            Path.Combine(_lab.Folder(ColourLab.Released, "teacher"), NetworkFiles.Generator), CPU);
        using var loaded = weights;

        (teacher.Shape, teacher.Classes, teacher.Interval).Should().Be((colour.Encoder.Shape, TinyImages.Classes, false));
        (loaded["final_layer.linear.weight"] == TensorFile.Open(_lab.At("teacher/model.pt::ema"))["final_layer.linear.weight"]).all().item<bool>()
            .Should().BeTrue();
    }

    [Fact]
    public void Samples_are_colour_images()
    {
        foreach (var arm in new[] { ColourLab.Released, ColourLab.Own })
        {
            var folder = _lab.Folder(arm, "sampling");
            var file = Safetensors.Read(Path.Combine(folder, "samples.1.safetensors"));
            file["images"].shape.Should().Equal(12, 3, 32, 32);
            file["latents"].shape.Should().Equal(6, 24, 4, 4);
            (file["images"].select(1, 0) != file["images"].select(1, 1)).any().item<bool>().Should().BeTrue("they are not grey");
            using var sheet = SKBitmap.Decode(Path.Combine(folder, "sheet.1.png"));
            sheet.Width.Should().Be((3 * 33) - 1);
            var first = file["images"][0, .., 0, 0].data<byte>().ToArray();
            sheet.GetPixel(0, 0).Should().Be(new SKColor(first[0], first[1], first[2]));
        }
    }

    [Fact]
    public void Training_on_images_that_are_decoded_on_the_way_gives_the_same_bytes_again()
    {
        var first = File.ReadAllBytes(Path.Combine(_lab.Folder(ColourLab.Released, "meanflow"), NetworkFiles.Generator));

        File.ReadAllBytes(Path.Combine(_lab.Again(ColourLab.Released, "meanflow"), NetworkFiles.Generator)).Should().Equal(first);
    }

    [Fact]
    public void Statistics_of_latents_that_are_not_kept_are_those_of_all_of_them()
    {
        var images = ImageIndex.Load(Path.Combine(_lab.Folder(ColourLab.Released, "dataset"), "train.index.json"));
        using var source = new FolderImages(images, _lab.At("images/train"), 1);
        var moments = new LatentMoments(colour.Encoder.Shape);
        var all = source.Pixels(arange(source.Count), CPU);
        moments.Add(colour.Encoder.Encode(colour.EncoderWeights, (all + 1) / 2));

        var test = new TestStage(_lab.At("streamed"), null,
            ("dataset", _lab.Folder(ColourLab.Released, "dataset")), ("encoder", _lab.Folder(ColourLab.Released, "encoder")))
        {
            WorkingDirectory = _lab.At("."),
        };
        new LatentRunner(new Core.Options.PerElementLatentOptions(Cache: "none")).Run(test.Context());
        var streamed = LatentStatistics.Load(_lab.At("streamed/statistics.safetensors"));
        (streamed.Mean - moments.Statistics(1e-5).Mean).abs().max().item<float>().Should().BeLessThan(1e-5f);
        (streamed.Variance - moments.Statistics(1e-5).Variance).abs().max().item<float>().Should().BeLessThan(1e-5f);
    }

    private IEnumerable<string> Files(string arm, string role) =>
        Directory.EnumerateFiles(_lab.Folder(arm, role)).Select(path => Path.GetFileName(path)).Where(name => !name.StartsWith("checkpoint"));
}
