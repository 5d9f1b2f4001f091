using System.Security.Cryptography;
using System.Text.Json;
using MfRae.Lab.Cli.Tests.Fakes;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;

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

    private readonly LabFolder _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public void A_trained_network_is_copied_with_a_card_that_gives_its_origin()
    {
        Train();

        var answer = _lab.Run("publish", "training", "--to", "weights");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        answer.Out.Should().Contain("weights/encoder.safetensors, weights/encoder.json");
        File.ReadAllText(_lab.At("weights/encoder.safetensors")).Should().Be("trained encoder");
        using var json = JsonDocument.Parse(File.ReadAllText(_lab.At("weights/encoder.json")));
        var card = json.RootElement;
        card.GetProperty("sha256").GetString().Should().Be(Convert.ToHexStringLower(SHA256.HashData("trained encoder"u8)));
        card.GetProperty("bytes").GetInt64().Should().Be("trained encoder".Length);
        card.GetProperty("recipe").GetString().Should().Be("experiments/training.json");
        card.GetProperty("command").GetString().Should().Be("dotnet run -- experiments/training.json");
        card.GetProperty("seed").GetInt64().Should().Be(5);
        card.GetProperty("options").GetProperty("network").GetProperty("width").GetInt32().Should().Be(24);
        var stage = card.GetProperty("stage").GetString()!;
        _lab.Run("query", $"select kind from stages where stage = '{stage}'", "--csv").Out.ReplaceLineEndings("\n")
            .Should().Be("kind\nencoder\n");
        var judged = card.GetProperty("measurements").EnumerateArray().Should().ContainSingle().Subject;
        judged.GetProperty("metric").GetString().Should().Be("knn.encoder");
        judged.GetProperty("value").GetDouble().Should().Be(0.75);
    }

    [Fact]
    public void Loaded_networks_are_not_published_again()
    {
        Train();

        _lab.Run("publish", "training", "--to", "weights").Code.Should().Be(ExitCode.Ok);

        Directory.EnumerateFiles(_lab.At("weights")).Select(Path.GetFileName)
            .Should().BeEquivalentTo(
                "encoder.safetensors", "encoder.json", "latents.safetensors", "latents.json", "cmt.safetensors", "cmt.json",
                "meanflow-mfd.safetensors", "meanflow-mfd.json", "meanflow-mft.safetensors", "meanflow-mft.json");
    }

    [Fact]
    public void Publishing_again_writes_the_same_bytes()
    {
        Train();
        _lab.Run("publish", "training", "--to", "weights").Code.Should().Be(ExitCode.Ok);
        var card = File.ReadAllBytes(_lab.At("weights/encoder.json"));

        _lab.Run("publish", "training", "--to", "weights").Code.Should().Be(ExitCode.Ok);

        File.ReadAllBytes(_lab.At("weights/encoder.json")).Should().Equal(card);
    }

    [Fact]
    public void An_incomplete_stage_is_an_error_that_names_the_command_to_run()
    {
        _lab.Write("experiments/training.json", Training);
        _lab.OnStage = context =>
        {
            if (context.Spec.Node.Definition is EncoderStage)
                throw new MfRae.Lab.Core.LabException("the disk is full");
        };
        _lab.Run("experiments/training.json").Code.Should().Be(ExitCode.RunsFailed);

        var answer = _lab.Run("publish", "training", "--to", "weights");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().ContainAll("encoder", "not complete", "experiments/training.json");
        _lab.Exists("weights").Should().BeFalse();
    }

    [Fact]
    public void An_unknown_experiment_is_an_error()
    {
        Train();

        var answer = _lab.Run("publish", "trainig");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("`trainig` is neither an experiment").And.Contain("`training`");
    }

    [Fact]
    public void The_generators_of_all_arms_and_seeds_have_separate_names_and_shared_networks_have_one()
    {
        Train(seeds: "5, 6");

        var answer = _lab.Run("publish", "training", "--to", "weights");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        foreach (var arm in (string[])["mfd", "mft"])
        {
            foreach (var seed in (int[])[5, 6])
            {
                File.ReadAllText(_lab.At($"weights/meanflow-{arm}-seed{seed}.safetensors")).Should().Be($"meanflow {arm} {seed}");
                using var card = JsonDocument.Parse(File.ReadAllText(_lab.At($"weights/meanflow-{arm}-seed{seed}.json")));
                card.RootElement.GetProperty("seed").GetInt64().Should().Be(seed);
                card.RootElement.GetProperty("usedBy").EnumerateArray().Select(run => run.GetString()).Should().Equal($"{arm} seed {seed}");
                card.RootElement.GetProperty("measurements").EnumerateArray().Select(one => one.GetProperty("metric").GetString())
                    .Should().Contain("fid@1");
            }
        }

        File.ReadAllText(_lab.At("weights/cmt-seed6.safetensors")).Should().Be("cmt 6", "both arms begin with it");
        _lab.Exists("weights/encoder-seed5.safetensors").Should().BeTrue();
        _lab.Exists("weights/meanflow.safetensors").Should().BeFalse();
    }

    [Fact]
    public void Arm_and_seed_or_a_run_choose_the_network()
    {
        Train(seeds: "5, 6");

        _lab.Run("publish", "training", "--arm", "mft", "--seed", "6", "--to", "one").Code.Should().Be(ExitCode.Ok);
        File.ReadAllText(_lab.At("one/meanflow.safetensors")).Should().Be("meanflow mft 6");
        File.ReadAllText(_lab.At("one/cmt.safetensors")).Should().Be("cmt 6");
        _lab.Run("publish", "training", "--arm", "mft", "--to", "two").Code.Should().Be(ExitCode.Ok);
        File.ReadAllText(_lab.At("two/meanflow-seed5.safetensors")).Should().Be("meanflow mft 5");
        var run = _lab.Run("query", "select run from runs where arm = 'mfd' and seed = 5", "--csv").Out.ReplaceLineEndings("\n").Split('\n')[1];
        _lab.Run("publish", run, "--to", "three").Code.Should().Be(ExitCode.Ok);
        File.ReadAllText(_lab.At("three/meanflow.safetensors")).Should().Be("meanflow mfd 5");

        _lab.Run("publish", "training", "--arm", "mfx").Error.Should().Contain("has no arm `mfx`");
        _lab.Run("publish", "training", "--seed", "7").Error.Should().Contain("no seed 7; its seeds are 5, 6");
        _lab.Run("publish", run, "--seed", "5").Error.Should().Contain("has one arm and one seed");
    }

    [Fact]
    public void A_network_that_changed_after_it_was_trained_is_not_published()
    {
        Train();
        var file = Directory.EnumerateFiles(_lab.At("data/store"), "encoder.safetensors", SearchOption.AllDirectories).Single();
        File.WriteAllText(file, "another encoder");

        var answer = _lab.Run("publish", "training", "--to", "weights");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain(file).And.Contain("SHA-256");
        _lab.Exists("weights/encoder.json").Should().BeFalse();
    }

    [Fact]
    public void Weights_above_two_gigabytes_are_published_and_listed()
    {
        const long Size = (1L << 31) + 5;
        _lab.Write("experiments/training.json", Training);
        _lab.OnStage = context =>
        {
            Leave(context);
            if (context.Spec.Node.Definition is EncoderStage)
            {
                // A hole in the file: it takes no room.
                using var file = File.OpenWrite(context.File("encoder.safetensors"));
                file.SetLength(Size);
            }
        };
        _lab.Run("experiments/training.json").Code.Should().Be(ExitCode.Ok);

        var answer = _lab.Run("publish", "training", "--arm", "mft", "--to", "weights");

        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
        new FileInfo(_lab.At("weights/encoder.safetensors")).Length.Should().Be(Size);
        using var card = JsonDocument.Parse(File.ReadAllText(_lab.At("weights/encoder.json")));
        card.RootElement.GetProperty("bytes").GetInt64().Should().Be(Size);
        _lab.Run("weights", "hash", "weights/encoder.safetensors").Out.Should().StartWith(card.RootElement.GetProperty("sha256").GetString());
        _lab.Run("weights", "list", "weights").Out.Should().Contain("2,147,483,653");
    }

    [Fact]
    public void A_value_that_is_not_finite_leaves_a_card_that_can_be_read()
    {
        _lab.Write("experiments/training.json", Training);
        _lab.OnStage = context =>
        {
            Leave(context);
            if (context.Spec.Node.Definition is ProbeStage)
                context.Journal.Write(new MeasuredEvent(new("linear.encoder", double.NaN, null, null, 500, 0, 1, "dataset", "", "none", "", true)));
        };
        _lab.Run("experiments/training.json").Code.Should().Be(ExitCode.Ok);
        _lab.Run("publish", "training", "--to", "weights").Code.Should().Be(ExitCode.Ok);

        var list = _lab.Run("weights", "list", "weights");

        list.Code.Should().Be(ExitCode.Ok, list.Error);
        list.Out.Should().Contain("linear.encoder not finite").And.Contain("knn.encoder 0.75");
    }

    [Fact]
    public void An_experiment_that_trained_nothing_is_an_error()
    {
        _lab.Run("experiments/smoke.json").Code.Should().Be(ExitCode.Ok);

        var answer = _lab.Run("publish", "smoke", "--to", "weights");

        answer.Code.Should().Be(ExitCode.Environment);
        answer.Error.Should().Contain("smoke trained no network (features, encoder, decoder, latents, teacher, cmt, meanflow)");
        _lab.Exists("weights").Should().BeFalse();
    }

    private void Train(string seeds = "5")
    {
        _lab.Write("experiments/training.json", Training.Replace("[5]", $"[{seeds}]", StringComparison.Ordinal));
        _lab.OnStage = Leave;
        var answer = _lab.Run("experiments/training.json");
        answer.Code.Should().Be(ExitCode.Ok, answer.Error);
    }

    private static void Leave(StageContext context)
    {
        switch (context.Spec.Node.Definition)
        {
            case EncoderStage:
                File.WriteAllText(context.File("encoder.safetensors"), "trained encoder");
                break;
            case CmtStage:
                File.WriteAllText(context.File("network.safetensors"), $"cmt {context.Seed}");
                break;
            case MeanFlowStage:
                var arm = context.Spec.Node.Label.Split(' ') is [_, var name, ..] ? name : "";
                File.WriteAllText(context.File("network.safetensors"), $"meanflow {arm} {context.Seed}");
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
