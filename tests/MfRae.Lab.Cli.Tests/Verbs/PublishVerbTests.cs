using System.Security.Cryptography;
using System.Text.Json;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tracking;

namespace MfRae.Lab.Cli.Tests.Verbs;

public sealed class PublishVerbTests : IDisposable
{
    // Of what could be published, the encoder and the latents' statistics are made here; the rest is loaded.
    private const string Training = """
        {
          "version": 1,
          "question": "?",
          "expectation": "!",
          "extends": "smoke.json",
          "base": {
            "encoder": {
              "kind": "selfSupervised",
              "network": { "width": 24, "depth": 1 },
              "augmentation": {},
              "training": { "steps": 3, "batchSize": 8 }
            },
            "latents": { "kind": "perElement" }
          },
          "evaluation": { "probes": true },
          "seeds": [5]
        }
        """;

    private readonly LabFolder lab = new();

    public void Dispose() => lab.Dispose();

    [Fact]
    public void A_trained_stage_is_copied_with_a_card_that_says_where_it_comes_from()
    {
        Train();

        var answer = lab.Run("publish", "training", "--to", "weights");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Out.Should().Contain("weights/encoder.safetensors, weights/encoder.json");
        File.ReadAllText(lab.At("weights/encoder.safetensors")).Should().Be("trained encoder");
        using var json = JsonDocument.Parse(File.ReadAllText(lab.At("weights/encoder.json")));
        var card = json.RootElement;
        card.GetProperty("sha256").GetString().Should().Be(Convert.ToHexStringLower(SHA256.HashData("trained encoder"u8)));
        card.GetProperty("bytes").GetInt64().Should().Be("trained encoder".Length);
        card.GetProperty("recipe").GetString().Should().Be("experiments/training.json");
        card.GetProperty("command").GetString().Should().Be("dotnet run -- experiments/training.json");
        card.GetProperty("seed").GetInt64().Should().Be(5);
        card.GetProperty("options").GetProperty("network").GetProperty("width").GetInt32().Should().Be(24);
        var stage = card.GetProperty("stage").GetString()!;
        lab.Run("query", $"select kind from stages where stage = '{stage}'", "--csv").Out.ReplaceLineEndings("\n").Should().Be("kind\nencoder\n");
        var judged = card.GetProperty("measurements").EnumerateArray().Should().ContainSingle().Subject;
        judged.GetProperty("metric").GetString().Should().Be("knn.encoder");
        judged.GetProperty("value").GetDouble().Should().Be(0.75);
    }

    [Fact]
    public void What_was_loaded_is_not_published_again()
    {
        Train();

        lab.Run("publish", "training", "--to", "weights").Code.Should().Be(ExitCode.Ok);

        Directory.EnumerateFiles(lab.At("weights")).Select(Path.GetFileName)
            .Should().BeEquivalentTo("encoder.safetensors", "encoder.json", "latents.safetensors", "latents.json");
    }

    [Fact]
    public void Publishing_again_writes_the_same_bytes()
    {
        Train();
        lab.Run("publish", "training", "--to", "weights").Code.Should().Be(ExitCode.Ok);
        var card = File.ReadAllBytes(lab.At("weights/encoder.json"));

        lab.Run("publish", "training", "--to", "weights").Code.Should().Be(ExitCode.Ok);

        File.ReadAllBytes(lab.At("weights/encoder.json")).Should().Equal(card);
    }

    [Fact]
    public void A_stage_that_did_not_complete_is_an_error_that_says_what_to_run()
    {
        lab.Write("experiments/training.json", Training);
        lab.OnStage = context =>
        {
            if (context.Spec.Node.Definition is EncoderStage)
                throw new Core.Experiments.LabException("the disk is full");
        };
        lab.Run("experiments/training.json").Code.Should().Be(ExitCode.RunsFailed);

        var answer = lab.Run("publish", "training", "--to", "weights");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().ContainAll("encoder", "not complete", "experiments/training.json");
        lab.Exists("weights").Should().BeFalse();
    }

    [Fact]
    public void An_unknown_experiment_is_an_error()
    {
        Train();

        var answer = lab.Run("publish", "trainig");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("no experiment `trainig`");
    }

    [Fact]
    public void An_experiment_that_trained_nothing_is_an_error()
    {
        lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);

        var answer = lab.Run("publish", "smoke", "--to", "weights");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("smoke trained none of features, encoder, decoder, latents, teacher");
        lab.Exists("weights").Should().BeFalse();
    }

    private void Train()
    {
        lab.Write("experiments/training.json", Training);
        lab.OnStage = Leave;
        var answer = lab.Run("experiments/training.json");
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
    }

    private static void Leave(StageContext context)
    {
        switch (context.Spec.Node.Definition)
        {
            case EncoderStage:
                File.WriteAllText(context.File("encoder.safetensors"), "trained encoder");
                break;
            case LatentStage:
                File.WriteAllText(context.File("statistics.safetensors"), "own statistics");
                break;
            case ProbeStage:
                context.Journal.Write(new MeasuredEvent(new("knn.encoder", 0.75, null, null, 500, 0, 1, "dataset", "", "none", "", true)));
                break;
        }
    }
}
