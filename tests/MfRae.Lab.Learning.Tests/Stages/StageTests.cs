using MfRae.Lab.Core;
using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Formats;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Paths;
using MfRae.Lab.Learning.Profiling;
using MfRae.Lab.Learning.Sampling;
using MfRae.Lab.Learning.Stages;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Stages;

/// <summary>The stages in order, each with the outputs of the earlier stages.</summary>
[Scoped]
public sealed class StageTests(TinyLab lab) : IClassFixture<TinyLab>
{
    [Theory]
    [InlineData("dataset", "train.safetensors", "test.safetensors")]
    [InlineData("features", "features.safetensors")]
    [InlineData("reference.test", "reference.safetensors", "sheet.png")]
    [InlineData("encoder", "encoder.safetensors")]
    [InlineData("decoder", "decoder.safetensors")]
    [InlineData("reconstruction", "pairs.png")]
    [InlineData("latents", "statistics.safetensors", "latents.safetensors")]
    [InlineData("teacher", "network.safetensors")]
    [InlineData("cmt", "network.safetensors")]
    [InlineData("meanflow0", "network.safetensors")]
    [InlineData("meanflow1", "network.safetensors", "snapshot.0.safetensors", "snapshot.1.safetensors")]
    [InlineData("snapshots1", "sheet.0.png", "sheet.1.png", "sheet.3.png")]
    [InlineData("endPoints", "endPoints.safetensors")]
    [InlineData("teacherSamples", "samples.1.safetensors", "samples.2.safetensors", "sheet.1.png", "sheet.2.png")]
    [InlineData("evaluation1", "neighbours.1.png", "neighbours.2.png")]
    [InlineData("ladder")]
    [InlineData("samples1", "samples.1.safetensors", "samples.2.safetensors", "sheet.1.png", "sheet.2.png")]
    public void A_stage_leaves_its_files_and_no_others_but_checkpoints(string stage, params string[] files) =>
        Directory.EnumerateFiles(lab.At(stage)).Select(path => Path.GetFileName(path))
            .Where(name => !name.StartsWith("checkpoint", StringComparison.Ordinal))
            .Should().BeEquivalentTo(files);

    [Fact]
    public void No_stage_leaves_tensors_behind() =>
        lab.LeftTensors.Where(left => left.Value != 0 && !TinyLab.KeepsReferences(left.Key)).Should().BeEmpty();

    [Fact]
    public void Every_curve_of_every_training_is_finite()
    {
        foreach (var stage in new[] { "features", "encoder", "decoder", "teacher", "cmt", "meanflow0", "meanflow1" })
        {
            var metrics = lab.Stage(stage).Events.OfType<MetricsEvent>().ToList();
            metrics.Select(entry => entry.Step).Should().Equal([1, 2, 3], stage);
            metrics
                .Should().OnlyContain(entry => entry.Values.ContainsKey("loss") && entry.Values.Values.All(value => value != null), stage);
        }
    }

    [Fact]
    public void The_weights_that_a_training_starts_from_are_freed_before_it()
    {
        Live("cmt").Should().Be(Live("teacher"), "a training from the teacher has no other weights");

        long Live(string start)
        {
            long? live = null;
            var before = TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            var stage = new TestStage(
                lab.At("from " + start), seed: 3, ("latents", lab.At("latents")), ("teacher", lab.At("teacher")), ("cmt", lab.At("cmt")))
            {
                Seen = entry => live ??= entry is ProgressEvent
                    ? TorchSharp.DisposeScopeManager.Statistics.ThreadTotalLiveCount - before
                    : null,
            };
            var definition = new MeanFlowStage(TinyLab.MeanFlow(1) with { Initialisation = start });
            StageFactory.Create(definition).Run(stage.Context(definition));
            return live!.Value;
        }
    }

    [Fact]
    public void Training_moves_the_weights()
    {
        using var scope = NewDisposeScope();
        var before = Network("cmt").Tensors;
        foreach (var stage in new[] { "meanflow0", "meanflow1" })
            Network(stage).Tensors.Should().Contain(after => (before[after.Key].Read() != after.Value.Read()).any().item<bool>(), stage);
    }

    [Fact]
    public void Normalised_latents_have_mean_zero_and_variance_one_in_every_element()
    {
        using var scope = NewDisposeScope();
        var latents = Safetensors.Read(lab.At("latents/latents.safetensors"))["latents"];

        latents.shape.Should().Equal(TinyDataset.Count, 24, 4, 4);
        latents.mean([0]).abs().max().item<float>().Should().BeLessThan(1e-4f);
        latents.square().mean([0]).max().item<float>().Should().BeInRange(0.9f, 1.001f);
    }

    [Fact]
    public void Probes_are_measured_beside_pixels_and_an_untrained_encoder()
    {
        var measured = lab.Stage("probe").Measurements.ToList();

        measured.Select(value => value.Key).Should().Equal(
            "knn.encoder", "linear.encoder", "knn.pixels", "linear.pixels", "knn.untrained", "linear.untrained");
        measured
            .Should().OnlyContain(value => value.Value >= 0 && value.Value <= 1 && value.Samples == TinyDataset.Count && value.Steps == 0);
        // A bar at one of four places: nobody could miss it in the pixels.
        measured.Single(value => value.Key == "linear.pixels").Value.Should().Be(1);
    }

    [Fact]
    public void A_reconstruction_is_measured_against_the_test_set()
    {
        var measured = lab.Stage("reconstruction").Measurements.ToList();

        measured.Select(value => value.Key).Should().Equal("rfid", "rmemorisation.ratio", "rmemorisation.share", "rL1");
        measured[0].Reference.Should().Be(Hash("reference.test/reference.safetensors"));
        measured[0].Extractor.Should().Be(Hash("features/features.safetensors"));
        measured[1].Reference.Should().Be(Hash("reference.train/reference.safetensors"));
        measured.Where(value => value.Metric != "rmemorisation.share").Should().OnlyContain(value => value.Value > 0);
    }

    [Fact]
    public void An_evaluation_measures_every_metric_at_every_number_of_steps()
    {
        foreach (var stage in new[] { "evaluation0", "evaluation1" })
        {
            var measured = lab.Stage(stage).Measurements.ToList();
            string[] names =
            [
                "fid", "fid.train", "is", "kid.40", "precision", "recall", "density", "coverage", "classFid", "classFid.worst",
                .. Enumerable.Range(0, TinyDataset.Classes).Select(label => $"classFid.{label}"), "fidFloor",
                "memorisation.ratio", "memorisation.share", "accuracy", "endpointError", "fd",
            ];
            measured.Select(value => value.Key).Should().Equal([.. names.Select(name => name + "@1"), .. names.Select(name => name + "@2")]);
            measured.Should().OnlyContain(value => value.Value != null && double.IsFinite(value.Value.Value), stage);
            measured.Where(value => value.Low != null)
                .Should().OnlyContain(value => value.Low <= value.Value && value.Value <= value.High, stage);
            measured.Where(value => value.Low == null).Select(value => value.Metric).Distinct()
                .Should().BeSubsetOf(["classFid.worst"], "every other value has an interval");
        }
    }

    [Fact]
    public void The_second_network_is_another_judge_of_the_same_samples()
    {
        var measured = lab.Stage("evaluation1").Measurements.ToDictionary(value => value.Key);

        // Here both are one network, so the distances are one number, against references of two identities.
        measured["fd@1"].Value.Should().Be(measured["fid@1"].Value);
        measured["fd@1"].Reference.Should().Be(Hash("secondReference.test/reference.safetensors"))
            .And.NotBe(measured["fid@1"].Reference);
    }

    [Fact]
    public void A_reference_keeps_rows_at_even_distances_with_their_labels()
    {
        using var scope = NewDisposeScope();
        var all = Safetensors.Read(lab.At("reference.test/reference.safetensors"));
        var some = Safetensors.Read(lab.At("secondReference.test/reference.safetensors"));

        all["features"].shape[0].Should().Be(TinyDataset.Count);
        var rows = tensor(new long[] { 0, 5, 11, 17, 22, 28, 34 });
        (some["features"] == all["features"].index_select(0, rows)).all().item<bool>().Should().BeTrue();
        (some["labels"] == all["labels"].index_select(0, rows)).all().item<bool>().Should().BeTrue();
        (some["covariance"] == all["covariance"]).all().item<bool>().Should().BeTrue("statistics are of all images");
    }

    [Fact]
    public void A_ladder_measures_every_level_from_none_up()
    {
        var measured = lab.Stage("ladder").Measurements.ToList();

        measured.Select(value => value.Metric).Should().Contain(["ladder.noise.0", "ladder.noise.10", "ladder.blur.0", "ladder.blur.0.5"]);
        measured.Should().OnlyContain(value => value.Samples == TinyDataset.Count && value.HigherIsBetter == null);
        measured.Single(value => value.Metric == "ladder.noise.0").Value.Should().BeLessThan(
            measured.Single(value => value.Metric == "ladder.noise.80").Value!.Value);
    }

    [Fact]
    public void A_value_says_what_it_is_a_value_of()
    {
        var measured = lab.Stage("evaluation1").Measurements.ToDictionary(value => value.Key);

        measured["fid@1"].Should().BeEquivalentTo(new Measurement(
            "fid", measured["fid@1"].Value, measured["fid@1"].Low, measured["fid@1"].High, 40, 1, 1, "balanced", Hash("features/features.safetensors"),
            "uint8, 28x28, [-1, 1]", Hash("reference.test/reference.safetensors"), false));
        measured["fid.train@2"].Reference.Should().Be(Hash("reference.train/reference.safetensors"));
        measured["accuracy@1"]
            .Should().BeEquivalentTo(new { Reference = "", Extractor = measured["fid@1"].Extractor, HigherIsBetter = true });
        measured["endpointError@1"].Should().BeEquivalentTo(new { Reference = "", Extractor = "", Samples = 10, HigherIsBetter = false });
    }

    [Fact]
    public void Arms_are_sampled_from_the_same_noise_and_labels()
    {
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        var noise = new RandomSource(Seed.For(TinyLab.Sampling.Seed!.Value, "sampling", 1), CPU).Normal("noise", 0, 25, 24, 4, 4);
        var labels = arange(25, dtype: int64).remainder(TinyDataset.Classes);
        var kept = new List<Tensor>();
        foreach (var lambda in new[] { 0, 1 })
        {
            var (network, weights) = NetworkFiles.LoadGenerator(lab.At($"meanflow{lambda}/network.safetensors"), CPU);
            var file = Safetensors.Read(lab.At($"samples{lambda}/samples.1.safetensors"));

            var generator = FewStepGenerator.MeanFlow(
                (z, r, t, y) => network.AverageVelocity(weights, z, r, t, y), TimeShift.For(network.Shape));
            var expected = generator.Sample(noise, labels, 1).slice(0, 0, 10, 1);
            (expected == file["latents"]).all().item<bool>().Should().BeTrue($"this is what λ = {lambda} makes of that noise");
            file["labels"].data<long>().Should().Equal(Enumerable.Range(0, 40).Select(i => (long)(i % TinyDataset.Classes)));
            file["images"].shape.Should().Equal(40, 1, 28, 28);
            kept.Add(file["latents"]);
        }
        (kept[0] != kept[1]).any().item<bool>().Should().BeTrue("the two arms were trained towards different targets");
    }

    [Fact]
    public void The_same_stage_gives_the_same_bytes_again()
    {
        lab.Run("encoder again", new EncoderStage(new SelfSupervisedEncoderOptions(
            new VitOptions(24, 1, 2), new AugmentationOptions(), new(3, 8, 1e-3, Ema: 0))), "dataset");
        lab.Sample("samples again", "meanflow1", TinyLab.Sampling);

        File.ReadAllBytes(lab.At("encoder again/encoder.safetensors"))
            .Should().Equal(File.ReadAllBytes(lab.At("encoder/encoder.safetensors")));
        foreach (var file in new[] { "samples.1.safetensors", "samples.2.safetensors" })
            File.ReadAllBytes(lab.At("samples again/" + file)).Should().Equal(File.ReadAllBytes(lab.At("samples1/" + file)));
    }

    [Fact]
    public void Without_kept_latents_a_stage_still_samples()
    {
        lab.Sample("no latents", "meanflow1", TinyLab.Sampling with { KeptLatents = 0, Steps = [1] });

        using var scope = NewDisposeScope();
        var file = Safetensors.Read(lab.At("no latents/samples.1.safetensors"));
        file["latents"].shape.Should().Equal(0, 24, 4, 4);
        (file["images"] == Safetensors.Read(lab.At("samples1/samples.1.safetensors"))["images"]).all().item<bool>().Should().BeTrue();
    }

    [Fact]
    public void What_an_image_costs_is_what_profile_counts_exactly()
    {
        lab.Sample("costly", "teacher", TinyLab.Sampling with { Solver = "heun", Guidance = new GuidanceOptions(2.5), Steps = [3] });

        Costs("samples1").Should().Equal(Profiled(new(Steps: [1, 2]), "generator"));
        Costs("teacherSamples").Should().Equal(Profiled(new(TeacherSteps: [1, 2]), "teacher"));
        var guided = Costs("costly");
        guided.Should().Equal(Profiled(new(TeacherSteps: [3], TeacherSolver: "heun", Guidance: new(2.5)), "teacher"));
        guided[0].Value.Should().BeApproximately(12 * Costs("teacherSamples")[0].Value!.Value, 1e-12, "Heun and guidance double three steps");
        lab.Stage("costly").Measurements.Should().AllBeEquivalentTo(
            new { Samples = 40, Steps = 6, Guidance = 2.5, Labels = "balanced", HigherIsBetter = (bool?)null });

        (string Key, double? Value)[] Costs(string stage) => [.. lab.Stage(stage).Measurements.Select(value => (value.Key, value.Value))];

        (string Key, double? Value)[] Profiled(SamplingOptions sampling, string sampler)
        {
            var arm = new Arm("only", lab.Options(sampling), new Dictionary<string, System.Text.Json.Nodes.JsonNode?>(), true);
            var experiment = new Experiment("x", "x.json", "?", "!", "fid@1", [arm], [0], new(new PretrainedFeatureOptions("-"), [], ["test"]), []);
            return
            [
                .. from profile in Profiler.Profile(experiment, lab.At("")).Single().Sampling
                   where profile.Sampler == sampler
                   from part in new[] { ("generator", profile.Cost.Generate), ("decoder", profile.Cost.Decode) }
                   select ($"gflops.{part.Item1}@{profile.Cost.Evaluations}", (double?)(part.Item2.Linear / 1e9)),
            ];
        }
    }

    [Fact]
    public void Samples_of_random_labels_by_a_guided_Heun_solver_say_so_in_every_value()
    {
        lab.Sample("guided", "teacher", TinyLab.Sampling with
        {
            Labels = "random",
            Solver = "heun",
            GridEnd = 0.001,
            Guidance = new GuidanceOptions(2.5),
            Steps = [1, 3],
        });
        lab.Run("guided evaluation", new EvaluationStage([new ClassAccuracyOptions()], ["test"], 0),
            [("samples", "guided"), ("features", "features"), ("reference.test", "reference.test")]);

        Directory.EnumerateFiles(lab.At("guided")).Select(path => Path.GetFileName(path))
            .Should().BeEquivalentTo("samples.2.safetensors", "samples.6.safetensors", "sheet.2.png", "sheet.6.png");
        lab.Stage("guided evaluation").Measurements.Select(value => (value.Key, value.Guidance, value.Labels))
            .Should().Equal(("accuracy@2", 2.5, "random"), ("accuracy@6", 2.5, "random"));
        using var scope = NewDisposeScope();
        var labels = Safetensors.Read(lab.At("guided/samples.2.safetensors"))["labels"].data<long>().ToArray();
        labels.Should().OnlyContain(label => label >= 0 && label < TinyDataset.Classes);
        labels.Should().NotEqual(Enumerable.Range(0, 40).Select(i => (long)(i % TinyDataset.Classes)));
        Safetensors.Read(lab.At("guided/samples.6.safetensors"))["labels"].data<long>().Should().Equal(labels);
    }

    private TensorFile Network(string stage) => Safetensors.Read(lab.At($"{stage}/network.safetensors"));

    private string Hash(string file) => FileHash.Of(lab.At(file));
}
