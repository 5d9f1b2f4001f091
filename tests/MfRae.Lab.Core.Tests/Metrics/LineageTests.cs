using MfRae.Lab.Core.Metrics;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Tests.Experiments;

namespace MfRae.Lab.Core.Tests.Metrics;

/// <summary>Device, noise and setting of a value follow from the stages behind it.</summary>
public sealed class LineageTests
{
    private static readonly TrainingOptions Training = new(10);

    private static readonly EvaluationStage Everything = new(
        [
            new FidOptions(), new InceptionScoreOptions(10), new KidOptions(50, 500), new PrecisionRecallOptions(4, 7), new FidInfinityOptions(20),
            new FidFloorOptions(), new ClassAccuracyOptions(), new MemorisationOptions(), new EndpointErrorOptions(),
        ],
        ["test", "train"],
        0);

    private readonly Dictionary<string, StageFacts> _stages = [];

    [Fact]
    public void The_device_is_that_of_the_measuring_stage_and_all_computed_stages_upstream()
    {
        Plan(generator: "cuda:1", others: "cpu");

        Value("fid", "evaluation").Device.Should().Be("cpu+cuda");
        Value("fid", "teacherEvaluation").Device.Should().Be("cpu", "nothing behind it was computed on a GPU");
    }

    [Fact]
    public void The_number_of_a_GPU_is_not_part_of_the_class()
    {
        Plan(generator: "cuda:0", others: "cuda:1");

        Value("fid", "evaluation").Device.Should().Be("cuda");
    }

    [Fact]
    public void Imported_weights_and_indexed_data_do_not_count()
    {
        Plan(generator: "cpu", others: "cpu", imported: "cuda");

        Value("fid", "evaluation").Device.Should().Be("cpu");
    }

    [Fact]
    public void Imported_statistics_of_latents_count_if_the_training_set_is_encoded_too()
    {
        Plan();
        Add("kept", new LatentStage(new PretrainedLatentOptions("l", Cache: "memory")), null, "cuda");
        Add("none", new LatentStage(new PretrainedLatentOptions("l", Cache: "none")), null, "cuda");

        DeviceClass.Added(_stages["kept"]).Should().Be("cuda");
        DeviceClass.Added(_stages["none"]).Should().BeEmpty();
        DeviceClass.Added(_stages["teacher0"]).Should().Be("cpu", "it is trained");
    }

    [Fact]
    public void An_oracle_evaluation_runs_on_the_CPU_whatever_the_device_of_the_run()
    {
        Add("meanflow", new MeanFlowStage(new NoMeanFlowOptions()), 0, "cpu");
        Add("oracle", new OracleEvaluationStage(new(), new NoMeanFlowOptions(), 100, [1], 5, 50), null, "cuda", ("generator", "meanflow"));

        var value = Value("gradient.variance", "oracle");

        (value.Device, value.Noise, value.Setting).Should().Be(("cpu", "fixed:5", "draws=64"));
    }

    [Fact]
    public void The_devices_in_a_manifest_are_used_for_all_stages_upstream()
    {
        Plan();
        _stages["sampling"] = _stages["sampling"] with { Inputs = new Dictionary<string, string> { ["generator"] = "gone" }, Total = "cuda" };

        Value("fid", "evaluation").Device.Should().Be("cpu+cuda");
    }

    [Fact]
    public void Cycles_of_inputs_end()
    {
        Add("a", new MeanFlowStage(new NoMeanFlowOptions()), 0, "cpu", ("x", "b"));
        Add("b", new MeanFlowStage(new NoMeanFlowOptions()), 0, "cuda", ("x", "a"));

        Value("fid", "a").Device.Should().Be("cpu+cuda");
        new Lineage(_stages.GetValueOrDefault).Recipe("a").Should().NotBeEmpty();
    }

    [Fact]
    public void Noise_is_the_rule_and_not_the_seed_of_a_run()
    {
        Plan(seed: 7, runSeed: 3);

        Value("fid", "evaluation").Noise.Should().Be("fixed:7");
        Value("fidFloor", "evaluation").Noise.Should().BeEmpty("it is a value of training images");
        Value("rfid", "reconstruction").Noise.Should().BeEmpty("nothing is sampled");
        Value("derivativeError", "study").Noise.Should().Be("run");
    }

    [Fact]
    public void Noise_follows_the_run_if_the_stage_that_draws_it_has_the_seed_of_the_run()
    {
        Plan(runSeed: 3);
        Add("sampling", new SamplingStage(1000, [1], null, 250, 100), 3, "cpu", ("generator", "meanflow"), ("latents", "latents"));
        Add("meanflow", new MeanFlowStage(new NoMeanFlowOptions()), 0, "cpu");
        Add("oracle", new OracleEvaluationStage(new(), new NoMeanFlowOptions(), 100, [1], null, 50), 3, "cpu", ("generator", "meanflow"));

        Value("fid", "evaluation").Noise.Should().Be("run");
        Value("gradient.variance", "oracle").Noise.Should().Be("run");
        Value("fid", "teacherEvaluation").Noise.Should().Be("fixed:0");
    }

    [Fact]
    public void Grid_and_bytes_are_part_of_the_values_that_depend_on_them()
    {
        Plan();
        var (fid, error) = (Value("fid", "evaluation", 2).Setting!, Value("endpointError", "evaluation", 2).Setting!);
        void Sampled(SamplingGridOptions? grid, string? bytes) => Add(
            "sampling", new SamplingStage(1000, [1, 2], 0, 250, 100, Grid: grid, Bytes: bytes), null, "cpu", ("generator", "meanflow"),
            ("decoder", "decoder"), ("latents", "latents"));

        Sampled(new UniformGridOptions(), "truncate");
        Value("fid", "evaluation", 2).Setting.Should().Be(fid.Replace("batch=250", "batch=250 grid=uniform bytes=truncate"));
        Value("endpointError", "evaluation", 2).Setting.Should().Be(error.Replace("batch=250", "batch=250 grid=uniform"));
        Value("fid", "evaluation", 1).Setting.Should().NotContain("grid", "a single step has no time in between");
        Sampled(new TimesGridOptions([[1, 0.5, 0], [1, 0.8, 0.35, 0]]), null);
        Value("fid", "evaluation", 2).Setting.Should().Be(fid.Replace("batch=250", "batch=250 grid=[1,0.5,0]"));
    }

    [Fact]
    public void Noise_from_a_file_is_identified_by_the_file()
    {
        Plan();
        Add("sampling", new SamplingStage(1000, [1], 0, 250, 100, "file", NoiseFile: "n.safetensors"), null, "cpu", ("generator", "meanflow"));

        Value("fid", "evaluation").Noise.Should().Be("file:n.safetensors", "the record has no hash of the file");
        Value("fid", "evaluation").Setting.Should().NotContain("batch=", "the noise does not depend on the batch size");
    }

    [Fact]
    public void An_end_point_of_before_the_stage_existed_is_the_last_sample_of_the_teacher()
    {
        Plan();
        var now = Value("endpointError", "evaluation").Setting;
        Add("teacherSampling", new SamplingStage(1000, [4, 40], 0, 250, 100, Solver: "heun", GridEnd: 0.001), null, "cpu",
            ("generator", "teacher0"), ("decoder", "decoder"), ("latents", "latents"));
        Add("evaluation", Everything, null, "cpu", ("samples", "sampling"), ("teacherSamples", "teacherSampling"));

        Value("endpointError", "evaluation").Setting.Should().Be(now);
    }

    [Fact]
    public void A_comparison_with_the_teacher_ignores_only_the_noise()
    {
        var arm = Measurement("fid") with { Noise = "run", Setting = MeasurementSetting.OverNoiseSets("batch=250", 4) };
        var teacher = Measurement("fid") with { Noise = "fixed:0", Setting = "batch=250" };

        arm.Setting.Should().Be("batch=250 noiseSets=4");
        MeasurementSetting.OverNoiseSets("", 2).Should().Be("noiseSets=2");
        MeasurementSetting.WithoutNoise(arm with { Setting = "batch=250 grid=uniform bytes=truncate" }).Setting.Should().Be("batch=250 bytes=truncate");
        MeasurementIdentity.Difference(MeasurementSetting.WithoutNoise(arm), MeasurementSetting.WithoutNoise(teacher)).Should().BeNull();
        MeasurementIdentity.Difference(
            MeasurementSetting.WithoutNoise(arm), MeasurementSetting.WithoutNoise(teacher with { Setting = "batch=100" })).Should().NotBeNull();
    }

    [Theory]
    [InlineData("fid", "batch=250")]
    [InlineData("fid.train", "batch=250")]
    [InlineData("accuracy", "batch=250")]
    [InlineData("is", "splits=10 form=contentOrder batch=250")]
    [InlineData("kid.500", "subsets=50 size=500 batch=250")]
    [InlineData("kid", "subsets=50 size=1000 batch=250")]
    [InlineData("precision", "k=4 batch=250")]
    [InlineData("recall", "k=4 batch=250")]
    [InlineData("density", "k=7 batch=250")]
    [InlineData("coverage", "k=7 batch=250")]
    [InlineData("fidInfinity", "sizes=20 batch=250")]
    [InlineData("fidFloor", "train=reference.train")]
    [InlineData("memorisation.ratio", "unseen=reference.test batch=250")]
    [InlineData("memorisation.share", "unseen=reference.test batch=250")]
    public void The_setting_contains_everything_else_that_defines_a_value_of_samples(string metric, string setting)
    {
        Plan();

        Value(metric, "evaluation").Setting.Should().Be(setting);
    }

    [Theory]
    [InlineData("rfid", "reconstruction", "data=data")]
    [InlineData("rmemorisation.share", "reconstruction", "unseen=reference.test data=data")]
    [InlineData("rrecall", "reconstruction", "k=4 data=data")]
    [InlineData("ris", "reconstruction", "splits=10 form=contentOrder data=data")]
    [InlineData("rL1", "reconstruction", "data=data")]
    [InlineData("knn.encoder", "probe", "k=20 data=data")]
    [InlineData("linear.pixels", "probe", "steps=300 data=data")]
    [InlineData("knn.untrained", "probe", "k=20 seed=0 data=data")]
    [InlineData("ladder.noise.10", "ladder", "seed=0")]
    [InlineData("derivativeError.median", "study", "time=uniform(high:1) lambda=1 labelDropout=0.1")]
    [InlineData("derivativeError.lowestRatio", "study", "time=uniform(high:1) lambda=1 labelDropout=0.1 deltas=[0.001,0.1]")]
    [InlineData("gflops.generator", "sampling", "")]
    public void The_setting_contains_everything_else_that_defines_a_value_of_other_stages(string metric, string stage, string setting)
    {
        Plan();

        Value(metric, stage).Setting.Should().Be(setting);
    }

    [Fact]
    public void Values_calculated_from_the_sizes_of_networks_have_no_device()
    {
        Plan(generator: "cuda", others: "cuda");

        Value("gflops.generator", "sampling").Device.Should().BeEmpty();
    }

    [Theory]
    [InlineData("is", 1, "consecutive", 9_999, "splits=1")]
    [InlineData("is", 1, "anotherForm", 9_999, "splits=1")]
    [InlineData("is", 10, "anotherForm", 9_999, "splits=10 form=anotherForm")]
    [InlineData("is.torchFidelity", 10, "torchFidelity", 9_999, "splits=10 form=torchFidelity")]
    [InlineData("is.adm", 10, "adm", 9_999, "splits=2 form=adm")]
    [InlineData("is.adm", 10, "adm", 5_000, "splits=1")]
    public void The_form_of_an_inception_score_counts_only_with_several_parts(
        string metric, int splits, string form, long samples, string setting) =>
        MeasurementSetting.OfOptions(metric, samples, new InceptionScoreOptions(splits, form)).Should().Be(setting);

    [Fact]
    public void A_definition_without_a_later_option_has_the_behaviour_of_its_time()
    {
        var old = StageFacts.Of(
            "e", "evaluation", """{"stage":"evaluation","metrics":[{"kind":"inceptionScore","splits":4},{"kind":"precisionRecall"}]}""", null,
            new Dictionary<string, string>(), null, ["cpu"]);
        _stages["e"] = old;

        Value("is", "e").Setting.Should().Be("splits=4 form=consecutive");
        Value("density", "e").Setting.Should().Be("k=5");
        (Value("is", "e").Device, Value("is", "e").Noise).Should().Be(("cpu", "fixed:0"));
    }

    [Fact]
    public void A_definition_that_is_not_JSON_has_no_options()
    {
        _stages["e"] = StageFacts.Of("e", "evaluation", "{", null, new Dictionary<string, string>(), null, []);

        var value = Value("is", "e");

        (value.Device, value.Noise, value.Setting).Should().Be(("cpu", "fixed:0", "splits=1"));
    }

    [Fact]
    public void An_endpoint_error_is_defined_by_the_teacher_its_solver_and_grid_and_the_latent_space()
    {
        Plan();
        var whole = Value("endpointError", "evaluation").Setting!;

        whole.Should().MatchRegex("^teacher=[0-9a-f]{16} solver=heun steps=40 end=0.001 latents=latents batch=250$");
        Other(samples => samples with { Solver = "euler" }).Should().NotBe(whole);
        Other(samples => samples with { Steps = 50 }).Should().NotBe(whole);
        Other(samples => samples with { GridEnd = 0 }).Should().NotBe(whole);
        Other(samples => samples with { Guidance = new GuidanceOptions(2) }).Should().Contain(" guidance=(");
        Other(samples => samples, teacher: new FlowMatchingOptions(new DitOptions(), new UniformTimeOptions(0.999), Training)).Should().NotBe(whole);
        Other(samples => samples, latents: "otherLatents").Should().NotBe(whole);
    }

    [Fact]
    public void Seeds_with_separate_but_equally_trained_teachers_have_one_setting()
    {
        Plan(runSeed: 0);
        var first = Value("endpointError", "evaluation").Setting;
        Plan(runSeed: 1);

        Value("endpointError", "evaluation").Setting.Should().Be(first);
    }

    [Fact]
    public void A_teacher_of_another_revision_is_another_teacher()
    {
        string Recipe(int revision)
        {
            var definition = new TeacherStage(new FlowMatchingOptions(new DitOptions(), new UniformTimeOptions(), Training));
            var key = StageKey.Of(definition, "teacher", revision, 1, new Dictionary<string, string>(), new Dictionary<string, string>());
            _stages[key] = StageFacts.Of(new(key, "teacher", "teacher", definition, 1, new Dictionary<string, string>()), ["cpu"]);
            return new Lineage(_stages.GetValueOrDefault).Recipe(key);
        }

        Recipe(2).Should().NotBe(Recipe(1));
    }

    [Fact]
    public void Existing_fields_of_a_measurement_are_kept()
    {
        Plan();
        var told = Measurement("fid") with { Device = "cuda", Noise = "run", Setting = "x" };

        new Lineage(_stages.GetValueOrDefault).Complete(told, _stages["evaluation"]).Should().Be(told);
    }

    [Fact]
    public void Every_metric_of_a_plan_of_the_lab_gets_all_three_fields()
    {
        using var work = new Workspace();
        var plan = work.Plan(""" "arms": { "a": {}, "b": { "meanflow": { "lambda": 0 } } }, "baseline": "a" """);
        var lineage = new Lineage(key =>
            plan.Stages.FirstOrDefault(stage => stage.Key == key) is { } node ? StageFacts.Of(node, ["cpu"]) : null);
        var evaluation = plan.Stages.Last(stage => stage.Kind == "evaluation");

        var value = lineage.Complete(Measurement("fid"), StageFacts.Of(evaluation, ["cpu"]));

        (value.Device, value.Noise, value.Setting).Should().Be(("cpu", "run", "batch=250 revision=3.3"));
    }

    private static Measurement Measurement(string metric) => new(metric, 1, null, null, 1000, 0, 1, "balanced", "e", "p", "r", false);

    private Measurement Value(string metric, string stage, int steps = 0) =>
        new Lineage(_stages.GetValueOrDefault).Complete(Measurement(metric) with { Steps = steps }, _stages[stage]);

    private string Other(Func<EndPointStage, EndPointStage> change, TeacherOptions? teacher = null, string latents = "latents")
    {
        Plan(change: change, teacher: teacher, latents: latents);
        return Value("endpointError", "evaluation").Setting!;
    }

    private void Plan(
        string generator = "cpu", string others = "cpu", string imported = "cpu", int seed = 0, long runSeed = 0,
        Func<EndPointStage, EndPointStage>? change = null, TeacherOptions? teacher = null, string latents = "latents")
    {
        _stages.Clear();
        Add("data", new DatasetStage(new IdxDatasetOptions("d")), null, imported);
        Add("features", new FeatureStage(new PretrainedFeatureOptions("f")), null, imported, ("dataset", "data"));
        Add("encoder", new EncoderStage(new PretrainedEncoderOptions("e")), null, imported);
        Add("decoder", new DecoderStage(new PretrainedDecoderOptions("d")), null, imported, ("encoder", "encoder"));
        Add(latents, new LatentStage(new PerElementLatentOptions()), null, others, ("dataset", "data"), ("encoder", "encoder"));
        Add("teacher" + runSeed, new TeacherStage(teacher ?? new FlowMatchingOptions(new DitOptions(), new UniformTimeOptions(), Training)), runSeed, others,
            ("latents", latents));
        Add("meanflow", new MeanFlowStage(new NoMeanFlowOptions()), runSeed, generator, ("latents", latents));
        Add("reference.test", new ReferenceStage("test"), null, others, ("dataset", "data"), ("features", "features"));
        Add("reference.train", new ReferenceStage("train"), null, others, ("dataset", "data"), ("features", "features"));
        Add("sampling", new SamplingStage(1000, [1], seed, 250, 100), null, others, ("generator", "meanflow"), ("decoder", "decoder"),
            ("latents", latents));
        Add("teacherSampling", new SamplingStage(1000, [4, 40], seed, 250, 0, Solver: "heun", GridEnd: 0.001), null, others,
            ("generator", "teacher" + runSeed), ("decoder", "decoder"), ("latents", latents));
        EndPointStage ode = new(100, 40, seed, 250, "balanced", "heun", 0.001, null, 1);
        Add("endPoints", change?.Invoke(ode) ?? ode, null, others, ("generator", "teacher" + runSeed));
        (string, string)[] judge = [("features", "features"), ("reference.test", "reference.test"), ("reference.train", "reference.train")];
        Add("evaluation", Everything, null, others, [.. judge, ("samples", "sampling"), ("endPoints", "endPoints")]);
        Add("teacherEvaluation", Everything, null, others, [.. judge, ("samples", "teacherSampling")]);
        Add("reconstruction", new ReconstructionStage(Everything.Metrics, 0), null, others, ("dataset", "data"), ("decoder", "decoder"),
            ("reference.test", "reference.test"), ("reference.train", "reference.train"));
        Add("probe", new ProbeStage(), 0, others, ("dataset", "data"), ("encoder", "encoder"));
        Add("ladder", new LadderStage("test"), null, others, ("dataset", "data"), ("features", "features"));
        Add("study", new DerivativeErrorStage(new(new JvpOptions(), new UniformTimeOptions(), [0.001, 0.1])), runSeed, others,
            ("generator", "meanflow"));
    }

    private void Add(string key, StageDefinition definition, long? seed, string device, params (string Name, string Key)[] inputs) =>
        _stages[key] = StageFacts.Of(
            new(key, Kind(definition), key, definition, seed, inputs.ToDictionary(input => input.Name, input => input.Key)), [device]);

    private static string Kind(StageDefinition definition) =>
        System.Text.Json.JsonSerializer.SerializeToElement(definition, LabJson.Default.StageDefinition).GetProperty("stage").GetString()!;
}
