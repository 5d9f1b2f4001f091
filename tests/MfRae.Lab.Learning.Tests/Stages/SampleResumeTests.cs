using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Stages;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>A sampling that was interrupted continues after its samples, and leaves the files of an uninterrupted one.</summary>
[Scoped]
public sealed class SampleResumeTests(TinyLab lab) : IClassFixture<TinyLab>
{
    private static readonly string[] Files = ["samples.1.safetensors", "samples.2.safetensors", "sheet.1.png", "sheet.2.png"];
    private static readonly SamplingStage Sampling = TinyLab.Sampling with { BatchSize = 10 };

    [Fact]
    public void A_stopped_sampling_continues_after_its_last_batch()
    {
        // Four batches for each of two numbers of steps. A stop is noticed when the next batch is complete.
        Attempt("stopped", stopAfter: 1).Should().Equal(10);
        Attempt("stopped", stopAfter: 1).Should().Equal(30);
        Attempt("stopped", stopAfter: 2).Should().Equal(10, 20);
        Attempt("stopped").Should().Equal(40);

        Same("stopped");
        Directory.EnumerateFiles(lab.At("stopped"), "checkpoint*").Should().BeEmpty();
    }

    [Fact]
    public void A_killed_sampling_continues_after_the_recorded_batches_and_writes_over_what_follows()
    {
        FluentActions.Invoking(() => Attempt("killed", dieAfter: 2)).Should().Throw<InvalidOperationException>();
        var part = Path.Combine(lab.At("killed"), "checkpoint.samples.1.safetensors");
        using (var file = File.OpenWrite(part))
        {
            // The rest of a batch that was being written.
            file.Position = file.Length - 5;
            file.Write([1, 2, 3, 4, 5]);
        }

        Attempt("killed").Should().Equal(30, 40, 10, 20, 30, 40);
        Same("killed");
    }

    [Theory]
    [InlineData("checkpoint.samples.1.json", "{\"samples\":25}")]
    [InlineData("checkpoint.samples.1.json", "{\"samples\":")]
    [InlineData("checkpoint.samples.1.safetensors", "short")]
    public void Samples_with_a_damaged_record_or_file_are_drawn_again(string name, string content)
    {
        Attempt("damaged", stopAfter: 1);
        File.WriteAllText(Path.Combine(lab.At("damaged"), name), content);

        Attempt("damaged").Should().Equal(10, 20, 30, 40, 10, 20, 30, 40);

        Same("damaged");
        Directory.Delete(lab.At("damaged"), recursive: true);
    }

    [Fact]
    public void Samples_that_were_written_batch_by_batch_are_a_file_that_is_written_at_once()
    {
        var file = Safetensors.Read(lab.At("samples1/samples.2.safetensors"));
        var (images, labels, latents) = (file["images"], file["labels"], file["latents"]);
        images.shape.Should().Equal(40, 1, 28, 28);
        latents.shape.Should().Equal(10, 24, 4, 4);
        Safetensors.Write(lab.At("at-once.safetensors"), [("images", images), ("labels", labels), ("latents", latents)], file.Metadata);

        File.ReadAllBytes(lab.At("at-once.safetensors")).Should().Equal(File.ReadAllBytes(lab.At("samples1/samples.2.safetensors")));
    }

    // The progress of an attempt.
    private List<long> Attempt(string name, int stopAfter = int.MaxValue, int dieAfter = int.MaxValue)
    {
        var progress = new List<long>();
        TestStage? stage = null;
        stage = new(lab.At(name), seed: 3, ("generator", lab.At("meanflow1")), ("decoder", lab.At("decoder")), ("latents", lab.At("latents")))
        {
            CheckpointSeconds = 0,
            Seen = entry =>
            {
                if (entry is not ProgressEvent { Step: var step })
                    return;
                progress.Add(step);
                if (progress.Count == dieAfter)
                    throw new InvalidOperationException("dies after a batch");
                if (progress.Count == stopAfter)
                    stage!.Stop();
            },
        };
        try
        {
            StageFactory.Create(Sampling).Run(stage.Context(Sampling));
        }
        catch (OperationCanceledException)
        {
            progress.Should().HaveCount(stopAfter);
        }

        return progress;
    }

    private void Same(string name)
    {
        Attempt("whole");
        foreach (var file in Files)
            File.ReadAllBytes(Path.Combine(lab.At(name), file)).Should().Equal(File.ReadAllBytes(Path.Combine(lab.At("whole"), file)), file);
    }
}
