using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tests.Experiments;

namespace MfRae.Lab.Core.Tests.Planning;

public sealed class PlannerTests : IDisposable
{
    private const string TwoArms = """
        "axes": { "meanflow.lambda": [0, 1] }, "baseline": { "meanflow.lambda": 0 }, "seeds": [0, 1]
        """;

    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void An_evaluation_during_training_adds_inputs_to_the_training_and_changes_no_other_key()
    {
        var plain = _work.Plan("").Stages;
        var watched = _work.Plan(""" "base": { "meanflow": { "watch": { "every": 100, "patience": 3 } } } """).Stages;

        watched.Single(stage => stage.Kind == "meanflow").Inputs.Keys.Should().BeEquivalentTo(
            plain.Single(stage => stage.Kind == "meanflow").Inputs.Keys.Concat(["decoder", "features", "reference.test"]));
        watched.Where(stage => stage.Kind is "teacher" or "cmt" or "decoder" or "features").Select(stage => stage.Key)
            .Should().BeSubsetOf(plain.Select(stage => stage.Key));
    }

    [Fact]
    public void Arms_and_seeds_share_what_is_upstream_of_their_difference()
    {
        var plan = _work.Plan(TwoArms);

        plan.Runs.Select(run => (run.Arm, run.Seed)).Should().Equal(("lambda=0", 0), ("lambda=0", 1), ("lambda=1", 0), ("lambda=1", 1));
        Different(plan, "dataset", "features", "reference.test", "reference.train", "encoder", "decoder")
            .Should().OnlyContain(count => count == 1);
        Different(plan, "latents", "teacher", "teacherSampling", "teacherEvaluation").Should().OnlyContain(count => count == 1);
        Different(plan, "cmt", "endPoints").Should().Equal(2, 2);
        Different(plan, "meanflow", "sampling", "evaluation").Should().OnlyContain(count => count == 4);
        plan.Stages.Should().HaveCount(10 + 4 + 12).And.OnlyHaveUniqueItems(stage => stage.Key);
    }

    [Fact]
    public void Inputs_come_before_their_users_and_are_stages_of_the_run()
    {
        var plan = _work.Plan(TwoArms);
        var keys = plan.Stages.Select(stage => stage.Key).ToList();

        foreach (var stage in plan.Stages)
        {
            stage.Key.Should().MatchRegex("^[0-9a-f]{64}$");
            stage.Inputs.Values.Should().BeSubsetOf(keys.TakeWhile(key => key != stage.Key));
        }

        plan.Stages.Count(stage => stage.Inputs.Count > 0).Should().BeGreaterThan(10);
        plan.Runs.Should().OnlyContain(run => run.Stages.Values.All(keys.Contains));
    }

    [Fact]
    public void Changing_one_option_of_one_arm_changes_exactly_the_keys_downstream()
    {
        const string arms =
            """ "arms": { "a": {}, "b": { "meanflow": { "lambda": 0, "training": { "steps": STEPS } } } }, "baseline": "a" """;

        var before = _work.Plan(arms.Replace("STEPS", "100"));
        var after = _work.Plan(arms.Replace("STEPS", "101"));

        after.Runs[0].Should().BeEquivalentTo(before.Runs[0]);
        Changed(before.Runs[1], after.Runs[1]).Should().Equal("meanflow", "sampling", "evaluation");
        after.Hash.Should().NotBe(before.Hash);
        before.Stages.Select(stage => stage.Key).Except(after.Stages.Select(stage => stage.Key)).Should().HaveCount(3);
    }

    [Theory]
    [InlineData("cmt.training.steps=5", "cmt", "meanflow", "sampling", "evaluation")]
    [InlineData("sampling.steps=[1]", "sampling", "evaluation")]
    [InlineData("sampling.teacherSteps=[1,4]", "teacherSampling", "teacherEvaluation", "endPoints", "evaluation")]
    [InlineData("sampling.teacherSolver=heun", "teacherSampling", "teacherEvaluation", "endPoints", "evaluation")]
    [InlineData("sampling.teacherGridEnd=0.001", "teacherSampling", "teacherEvaluation", "endPoints", "evaluation")]
    [InlineData("sampling.guidance.scale=2", "teacherSampling", "teacherEvaluation", "endPoints", "evaluation")]
    [InlineData("sampling.teacherSteps=[2,50]", "teacherSampling", "teacherEvaluation")]
    [InlineData("sampling.labels=random", "teacherSampling", "teacherEvaluation", "sampling", "endPoints", "evaluation")]
    [InlineData("sampling.noise=fixed", "sampling", "endPoints", "evaluation")]
    [InlineData("sampling.seed=1", "teacherSampling", "teacherEvaluation")]
    [InlineData("sampling.noiseSets=2", "sampling.2", "endPoints.2", "evaluation.2")]
    [InlineData("cmt.gridEnd=0.001", "cmt", "meanflow", "sampling", "evaluation")]
    [InlineData("meanflow.lambdaSchedule={\"kind\":\"linear\",\"end\":0}", "meanflow", "sampling", "evaluation")]
    [InlineData("meanflow.snapshots=2", "meanflow", "sampling", "evaluation", "snapshots")]
    [InlineData("evaluation.references=[\"test\"]", "reference.train", "teacherEvaluation", "evaluation")]
    [InlineData("evaluation.probes=true", "probe")]
    [InlineData("evaluation.reconstruction=true", "reconstruction")]
    [InlineData("seeds=1", "cmt", "meanflow", "sampling", "endPoints", "evaluation")]
    public void An_option_changes_the_keys_of_its_stage_and_what_is_downstream(string change, params string[] roles) =>
        Changed(_work.Plan("").Runs[0], _work.Plan("", change).Runs[0]).Should().BeEquivalentTo(roles);

    [Theory]
    [InlineData("teacher", "teacher", "teacherSampling", "teacherEvaluation", "cmt", "meanflow", "sampling", "endPoints", "evaluation")]
    [InlineData("inception", "features", "reference.test", "reference.train", "teacherEvaluation", "evaluation")]
    public void A_replaced_file_changes_keys_although_its_path_is_the_same(string weights, params string[] roles)
    {
        var before = _work.Plan("").Runs[0];
        _work.Write($"data/weights/{weights}.safetensors", "other weights");

        Changed(before, _work.Plan("").Runs[0]).Should().BeEquivalentTo(roles);
    }

    [Fact]
    public void A_dataset_is_identified_by_its_four_files()
    {
        var before = _work.Plan("").Runs[0];
        _work.Write("data/fashion-mnist/t10k-labels-idx1-ubyte.gz", "other labels");

        Changed(before, _work.Plan("").Runs[0]).Should().Contain("dataset").And.NotContain("encoder");
    }

    [Fact]
    public void Each_file_is_hashed_once()
    {
        var asked = new List<string>();

        Planner.Build(_work.Valid(TwoArms), path =>
        {
            asked.Add(path);
            return "hash of " + path;
        });

        asked.Should().HaveCount(4 + 5).And.OnlyHaveUniqueItems();
        asked.Should().Contain("data/weights/teacher.safetensors").And.Contain("data/fashion-mnist/train-images-idx3-ubyte.gz");
    }

    [Fact]
    public void Only_stages_that_use_random_numbers_have_a_seed()
    {
        var plan = Planner.Build(ExperimentReader.Read("tests/Golden/plans/two-arms.json", [], Repository.Root).Experiment!, path => path);
        var run = plan.Runs.First(run => run.Seed == 1);

        run.Stages.ToDictionary(pair => pair.Key, pair => plan.Stages.Single(stage => stage.Key == pair.Value).Seed)
            .Should().BeEquivalentTo(new Dictionary<string, long?>
            {
                ["dataset"] = null,
                ["features"] = 0,
                ["reference.test"] = null,
                ["reference.train"] = null,
                ["encoder"] = 1,
                ["probe"] = 0,
                ["decoder"] = 1,
                ["reconstruction"] = null,
                ["latents"] = null,
                ["teacher"] = 1,
                ["teacherSampling"] = null,
                ["teacherEvaluation"] = null,
                ["cmt"] = 1,
                ["meanflow"] = 1,
                ["sampling"] = 1,
                ["endPoints"] = 1,
                ["evaluation"] = null,
            });
    }

    [Fact]
    public void A_pretrained_generator_is_loaded_once_and_sampled_with_the_noise_of_each_run()
    {
        _work.WriteWeights("generator.safetensors", new() { ["type"] = "dit-mean-flow", ["network"] = "{}" });
        var plan = _work.Plan(
            """ "seeds": [0, 1], "base": { "cmt": { "kind": "none" }, "meanflow": { "kind": "pretrained", "weights": "generator.safetensors", "network": null } } """);
        var generator = Stage(plan, "meanflow");

        Different(plan, "meanflow").Should().Equal(1);
        Different(plan, "sampling", "evaluation").Should().Equal(2, 2);
        generator.Seed.Should().BeNull();
        generator.Inputs.Keys.Should().Equal("latents");
        plan.Runs[0].Stages.Keys.Should().NotContain("cmt").And.Contain(["teacher", "endPoints"]);
    }

    [Fact]
    public void Only_the_evaluation_of_students_has_the_ends_of_the_teachers_ODE_as_input()
    {
        var plan = _work.Plan("");
        var student = Stage(plan, "evaluation");
        var teacher = Stage(plan, "teacherEvaluation");

        student.Inputs.Keys.Should().BeEquivalentTo("samples", "features", "reference.test", "reference.train", "endPoints");
        student.Inputs[StageInput.EndPoints].Should().Be(plan.Runs[0].Stages["endPoints"]);
        teacher.Inputs.Keys.Should().NotContain("endPoints");
        ((EvaluationStage)teacher.Definition).Metrics.Should().NotContain(new Options.EndpointErrorOptions()).And.HaveCount(3);
        ((SamplingStage)Stage(plan, "teacherSampling").Definition).Steps.Should().Equal(1, 50);
        Stage(plan, "sampling").Inputs["generator"].Should().Be(plan.Runs[0].Stages["meanflow"]);
    }

    [Fact]
    public void Kept_snapshots_are_sampled_and_evaluated_like_the_samples()
    {
        var plan = _work.Plan("""
            "base": { "meanflow": { "snapshots": 3, "training": { "steps": 200 } }, "sampling": { "seed": 5, "batchSize": 20 } },
            "evaluation": { "snapshotSamples": 400 }
            """);

        _work.Plan("").Runs[0].Stages.Keys.Should().NotContain("snapshots");
        var stage = Stage(plan, "snapshots");
        stage.Definition.Should().Be(new SnapshotStage(200, 3, 400, null, 20, "balanced", "test"));
        stage.Seed.Should().Be(Stage(plan, "sampling").Seed, "both start from the same noise");
        stage.Inputs.Keys.Should().BeEquivalentTo("generator", "decoder", "latents", "features", "reference.test");
        stage.Inputs["generator"].Should().Be(plan.Runs[0].Stages["meanflow"]);
        Changed(plan.Runs[0], _work.Plan("""
            "base": { "meanflow": { "snapshots": 3, "training": { "steps": 200 } }, "sampling": { "seed": 5, "batchSize": 20 } },
            "evaluation": { "snapshotSamples": 500 }
            """).Runs[0]).Should().Equal("snapshots");
    }

    [Fact]
    public void Grid_bytes_and_noise_of_a_file_change_only_the_stages_that_depend_on_them()
    {
        const string both = "\"samples\": 1000";
        var plain = _work.Plan($"\"base\": {{ \"sampling\": {{ {both} }} }}").Runs[0];
        string[] Against(string sampling) => [.. Changed(plain, _work.Plan($"\"base\": {{ \"sampling\": {{ {both}, {sampling} }} }}").Runs[0])];

        Against("\"grid\": { \"kind\": \"shifted\" }, \"bytes\": \"round\"").Should().BeEmpty("these are the defaults");
        Against("\"grid\": { \"kind\": \"uniform\" }").Should().BeEquivalentTo("sampling", "evaluation");
        Against("\"bytes\": \"truncate\"").Should().BeEquivalentTo("sampling", "evaluation", "teacherSampling", "teacherEvaluation");
        Against("\"sheets\": [{ \"classes\": [3] }]").Should().Equal("sheets");
        _work.Write("n.safetensors", "noise");
        Against("\"noise\": \"file\", \"noiseFile\": \"n.safetensors\"").Should()
            .BeEquivalentTo("sampling", "endPoints", "evaluation", "teacherSampling", "teacherEvaluation");
        var stage = Stage(_work.Plan("\"base\": { \"sampling\": { \"noise\": \"file\", \"noiseFile\": \"n.safetensors\" } }"), "sampling");
        stage.Seed.Should().BeNull("all runs have the noise of the file");
        stage.Files!.Keys.Should().Equal("n.safetensors");
    }

    [Fact]
    public void Noise_by_run_follows_the_seed_of_the_run_and_fixed_noise_does_not()
    {
        const string seeds = """ "seeds": [3, 4], "base": { "meanflow": { "snapshots": 2 }, "sampling": { "seed": 7, "noise": "RULE" } } """;
        var run = _work.Plan(seeds.Replace("RULE", "run"));
        var fixedNoise = _work.Plan(seeds.Replace("RULE", "fixed"));

        foreach (string role in (string[])["sampling", "snapshots", "endPoints"])
        {
            run.Runs.Select(one => Node(run, one, role).Seed).Should().Equal([3, 4], role);
            fixedNoise.Runs.Select(one => Node(fixedNoise, one, role).Seed).Should().Equal([null, null], role);
        }

        ((SamplingStage)Stage(run, "sampling").Definition).Seed.Should().BeNull();
        ((SamplingStage)Stage(fixedNoise, "sampling").Definition).Seed.Should().Be(7);
        ((SamplingStage)Stage(run, "teacherSampling").Definition).Seed.Should().Be(7, "one teacher is evaluated once");
        Different(run, "endPoints").Should().Equal(2);
        Different(fixedNoise, "endPoints").Should().Equal([1], "all seeds share the noise and the teacher");
    }

    [Fact]
    public void End_points_are_computed_only_for_a_metric_that_needs_them() =>
        _work.Plan(""" "evaluation": { "metrics": [{ "kind": "fid" }] } """).Runs[0].Stages.Keys
            .Should().Contain("teacherSampling").And.NotContain("endPoints");

    [Fact]
    public void Each_noise_set_has_samples_and_an_evaluation_with_separate_noise()
    {
        var plan = _work.Plan(""" "base": { "sampling": { "noiseSets": 3 } } """);

        NoiseSets.Roles(plan.Runs[0].Stages, "evaluation").Should().Equal("evaluation", "evaluation.2", "evaluation.3");
        foreach (var (role, set) in new[] { ("sampling", 1), ("sampling.2", 2), ("sampling.3", 3) })
        {
            ((SamplingStage)Stage(plan, role).Definition).NoiseSet.Should().Be(set);
        }

        Stage(plan, "evaluation.2").Inputs["samples"].Should().Be(plan.Runs[0].Stages["sampling.2"]);
        Stage(plan, "evaluation.2").Inputs["endPoints"].Should().Be(plan.Runs[0].Stages["endPoints.2"]);
        ((EndPointStage)Stage(plan, "endPoints.2").Definition).NoiseSet.Should().Be(2);
        plan.Runs[0].Stages.Keys.Should().NotContain("teacherSampling.2");
    }

    [Fact]
    public void Without_mean_flow_the_mid_trained_network_is_sampled()
    {
        var plan = _work.Plan(""" "base": { "meanflow": { "kind": "none" } } """);

        plan.Runs[0].Stages.Keys.Should().NotContain("meanflow");
        Stage(plan, "sampling").Inputs["generator"].Should().Be(plan.Runs[0].Stages["cmt"]);
    }

    [Fact]
    public void With_a_teacher_alone_only_the_teacher_is_sampled() =>
        _work.Plan(""" "base": { "cmt": { "kind": "none" }, "meanflow": { "kind": "none" } } """).Runs[0].Stages.Keys
            .Should().EndWith(["latents", "teacher", "teacherSampling", "teacherEvaluation"]);

    [Fact]
    public void Mid_training_is_skipped_if_no_stage_starts_from_it() =>
        _work.Plan(""" "base": { "meanflow": { "initialisation": "teacher" } } """).Runs[0].Stages.Keys.Should().NotContain("cmt");

    [Fact]
    public void A_plan_without_a_generator_ends_at_the_autoencoder() =>
        _work.Plan("""
            "base": { "teacher": { "kind": "none" }, "cmt": { "kind": "none" }, "meanflow": { "kind": "none" } },
            "evaluation": { "references": ["train"], "reconstruction": true, "probes": true }
            """).Runs[0].Stages.Keys
            .Should().BeEquivalentTo(
                "dataset", "features", "reference.train", "reference.test", "encoder", "probe", "decoder", "reconstruction");

    [Fact]
    public void Labels_name_arm_and_seed_only_where_they_matter()
    {
        var labels = _work.Plan(TwoArms).Stages.Select(stage => stage.Label).ToList();

        labels.Should().OnlyHaveUniqueItems();
        labels.Should().Contain(["dataset", "encoder", "teacher", "reference test", "teacher sampling"]);
        labels.Should().Contain(["cmt seed 0", "cmt seed 1", "meanflow lambda=0 seed 1", "evaluation lambda=1 seed 0"]);
        _work.Plan("").Stages.Select(stage => stage.Label).Should().Contain(["cmt", "meanflow", "sampling", "evaluation"]);
    }

    [Fact]
    public void A_plan_is_a_function_of_the_experiment()
    {
        var experiment = _work.Valid(TwoArms);

        Planner.Build(experiment, FileHash.In(_work.Root))
            .Should().BeEquivalentTo(Planner.Build(experiment, FileHash.In(_work.Root)), how => how.WithStrictOrdering());
    }

    private static StageNode Stage(Plan plan, string role) => Node(plan, plan.Runs[0], role);

    private static StageNode Node(Plan plan, PlannedRun run, string role) => plan.Stages.Single(stage => stage.Key == run.Stages[role]);

    private static IEnumerable<int> Different(Plan plan, params string[] roles) =>
        roles.Select(role => plan.Runs.Select(run => run.Stages[role]).Distinct().Count());

    private static IEnumerable<string> Changed(PlannedRun before, PlannedRun after) =>
        before.Stages.Keys.Union(after.Stages.Keys).Where(
            role => before.Stages.GetValueOrDefault(role) != after.Stages.GetValueOrDefault(role));
}
