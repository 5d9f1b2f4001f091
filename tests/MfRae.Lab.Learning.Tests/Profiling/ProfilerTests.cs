using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Profiling;
using MfRae.Lab.Learning.Sampling;

namespace MfRae.Lab.Learning.Tests.Profiling;

/// <summary>The parts of a training step, for minimal networks.</summary>
[Scoped]
public sealed class ProfilerTests
{
    private static readonly DitOptions Dit = new(16, 1, 2, 16, 1, 2, 2);
    private static readonly TrainingOptions Training = new(Steps: 5, BatchSize: 8);
    private static readonly LambdaMeanFlowOptions MeanFlow = new(
        1, Dit, new UniformTimeOptions(), new CentralDifferenceOptions(), new PlainLossWeightOptions(), Training, EqualFraction: 0.75);

    private static readonly LabOptions Options = new(
        new IdxDatasetOptions("none"), new SelfSupervisedEncoderOptions(new VitOptions(24, 1, 2), new AugmentationOptions(), Training),
        new RaeDecoderOptions(new DecoderNetworkOptions(16, 1, 2, Channels: 2), Training), new PerElementLatentOptions(),
        new FlowMatchingOptions(Dit, new UniformTimeOptions(), Training),
        new TrajectoryCmtOptions(Training, TrajectoryPoints: 5, PairsPerTrajectory: 4), MeanFlow, new SamplingOptions());

    private static readonly LatentShape Shape = new(24, 4, 4);
    private static readonly MultiplyAdds Teacher = NetworkCost.Of(new DitNetwork(Dit, Shape, 10, false).Declare()).Forward;
    private static readonly MultiplyAdds Student = NetworkCost.Of(new DitNetwork(Dit, Shape, 10, true).Declare()).Forward;
    private static readonly MultiplyAdds Encoder = NetworkCost.Of(new VitEncoder(new VitOptions(24, 1, 2)).Declare()).Forward;

    [Fact]
    public void Every_trained_stage_has_a_step() =>
        Profile(Options).Training.Select(training => training.Stage).Should().Equal("encoder", "decoder", "teacher", "cmt", "meanflow");

    [Fact]
    public void The_teacher_is_evaluated_and_differentiated() =>
        Step(Options, "teacher").Should().Be(3 * 8 * Teacher);

    [Fact]
    public void Mid_training_solves_two_trajectories_of_four_steps_for_eight_pairs() =>
        Step(Options, "cmt").Should().Be((3 * 8 * Student) + (2 * 4 * Teacher));

    [Fact]
    public void Distillation_evaluates_the_teacher_and_probes_the_quarter_with_an_interval() =>
        Step(Options, "meanflow").Should().Be((3 * 8 * Student) + (2 * 2 * Student) + (8 * Teacher));

    [Fact]
    public void Without_a_teachers_share_it_is_not_evaluated() =>
        Step(Options with { MeanFlow = MeanFlow with { Lambda = 0 } }, "meanflow").Should().Be((3 * 8 * Student) + (2 * 2 * Student));

    [Fact]
    public void A_tangent_along_the_teacher_needs_it() =>
        Step(Options with { MeanFlow = MeanFlow with { Lambda = 0, TangentLambda = 1 } }, "meanflow").Should().Be(Step(Options, "meanflow"));

    [Fact]
    public void A_schedule_that_ends_at_the_teacher_needs_it() =>
        Step(Options with { MeanFlow = MeanFlow with { Lambda = 0, LambdaSchedule = new LinearLambdaOptions(0.5) } }, "meanflow")
            .Should().Be(Step(Options, "meanflow"));

    [Fact]
    public void The_networks_own_velocity_is_evaluated_for_the_quarter_with_an_interval() =>
        Step(Options with { MeanFlow = MeanFlow with { Lambda = 0, Tangent = LambdaMeanFlowOptions.NetworkTangent } }, "meanflow")
            .Should().Be((3 * 8 * Student) + (2 * 2 * Student) + (2 * Student));

    [Fact]
    public void Guidance_by_the_network_itself_evaluates_it_with_and_without_the_label() =>
        Step(Options with { MeanFlow = MeanFlow with { Lambda = 0, SelfGuidance = new(1, 0.5) } }, "meanflow")
            .Should().Be((3 * 8 * Student) + (2 * 2 * Student) + (2 * 8 * Student));

    [Fact]
    public void Guidance_of_both_velocities_evaluates_the_teacher_at_every_lambda() =>
        Step(Options with { MeanFlow = MeanFlow with { Lambda = 0, Guidance = new(2), MixedGuidance = LambdaMeanFlowOptions.GuideBoth } }, "meanflow")
            .Should().Be((3 * 8 * Student) + (2 * 2 * Student) + (2 * 8 * Teacher));

    [Fact]
    public void A_split_interval_takes_two_evaluations_without_gradients_and_guided_parts_four()
    {
        var split = new SplitMeanFlowOptions(Dit, new UniformTimeOptions(), new PlainLossWeightOptions(), Training);
        Step(Options with { MeanFlow = split }, "meanflow").Should().Be((3 * 8 * Student) + (2 * 2 * Student));
        Step(Options with { MeanFlow = split with { Lambda = 1 } }, "meanflow")
            .Should().Be((3 * 8 * Student) + (2 * 2 * Student) + (6 * Teacher), "the teacher gives the velocities of the samples with r = t");
        var shortcut = new ShortcutOptions(Dit, new UniformTimeOptions(), new PlainLossWeightOptions(), Training, BootstrapScale: 2);
        Step(Options with { MeanFlow = shortcut }, "meanflow").Should().Be((3 * 8 * Student) + (4 * 2 * Student));
    }

    [Fact]
    public void Alpha_flow_takes_one_evaluation_while_alpha_lies_between_and_the_derivative_after()
    {
        // Ten steps: α is 1 at the first, .9 … .1 at nine; a derivative never.
        var training = Training with { Steps = 10 };
        var options = new AlphaFlowOptions(
            Dit, new UniformTimeOptions(), new CentralDifferenceOptions(), new PlainLossWeightOptions(), training, new("linear", Clamp: 0));
        var linear = Step(Options with { MeanFlow = options }, "meanflow");
        linear.Linear.Should().BeApproximately(((3 * 8 * Student) + (0.9 * 2 * Student)).Linear, 1e-9 * linear.Linear);
        var ended = Step(Options with { MeanFlow = options with { Alpha = new("step", 0, 0) } }, "meanflow");
        ended.Should().Be((3 * 8 * Student) + (2 * 2 * Student));
    }

    [Fact]
    public void The_arms_of_the_family_take_equal_operations()
    {
        var read = ExperimentReader.Read("experiments/family.json", [], Repository.Root);
        var costs = Profiler.Profile(read.Experiment!, Repository.Root).Select(arm => (
            arm.Arm, Cost: arm.Training.Sum(stage => stage.Steps * (stage.Step.Linear + stage.Step.Attention)))).ToList();
        foreach (var (name, cost) in costs)
            (cost / costs.Single(other => other.Arm == "mft").Cost).Should().BeApproximately(1, 0.005, name);
    }

    [Fact]
    public void Guidance_evaluates_the_teacher_twice()
    {
        var guidance = new GuidanceOptions(2);
        Step(Options with { MeanFlow = MeanFlow with { Guidance = guidance } }, "meanflow")
            .Should().Be(Step(Options, "meanflow") + (8 * Teacher));
        Step(Options with { Cmt = (TrajectoryCmtOptions)Options.Cmt with { Guidance = guidance } }, "cmt")
            .Should().Be(Step(Options, "cmt") + (8 * Teacher));
    }

    [Fact]
    public void A_guided_teacher_sampled_by_Heun_costs_four_evaluations_a_step()
    {
        var sampling = new SamplingOptions(TeacherSteps: [3], TeacherSolver: "heun", Guidance: new GuidanceOptions(2));
        var teacher = Profile(Options with { Sampling = sampling }).Sampling.Single(sampled => sampled.Sampler == "teacher").Cost;
        teacher.Evaluations.Should().Be(6);
        teacher.Generate.Should().Be(12 * Teacher);
    }

    [Fact]
    public void Estimators_differ_in_what_they_evaluate()
    {
        MultiplyAdds Extra(DerivativeOptions derivative) =>
            Step(Options with { MeanFlow = MeanFlow with { Lambda = 0, Derivative = derivative } }, "meanflow") + (-24 * Student);

        Extra(new ForwardDifferenceOptions()).Linear.Should().Be(2 * Student.Linear);
        Extra(new CentralDifferenceOptions()).Linear.Should().Be(4 * Student.Linear);
        Extra(new JvpOptions()).Should().Be(new MultiplyAdds(2 * Student.Linear, 4 * Student.Attention));
        Extra(new JvpDoubleBackwardOptions()).Linear.Should().Be(4 * Student.Linear);
        Extra(new CentralDifferenceOptions(Batching: "concatenated")).Linear.Should().Be(2 * 24 * Student.Linear);
    }

    [Fact]
    public void Without_a_cache_each_step_encodes_its_images()
    {
        var options = Options with { Latents = new PerElementLatentOptions(Cache: "none") };

        Step(options, "teacher").Should().Be((3 * 8 * Teacher) + (8 * Encoder));
        Step(options, "meanflow").Should().Be(Step(Options, "meanflow") + (8 * Encoder));
        Step(options, "cmt").Should().Be(Step(Options, "cmt"), "trajectories start from noise");
    }

    [Fact]
    public void Memory_holds_weights_gradient_moments_average_and_the_frozen_teacher()
    {
        var step = Profile(Options).Training.Single(training => training.Stage == "meanflow");
        var student = NetworkCost.Of(new DitNetwork(Dit, Shape, 10, true).Declare());
        var teacher = NetworkCost.Of(new DitNetwork(Dit, Shape, 10, false).Declare());

        step.WeightBytes.Should().Be(4 * student.Parameters);
        var memory = ActivationMemory.Of(new DitNetwork(Dit, Shape, 10, true), narrow: false, fuses: true);
        step.TotalBytes().Should().Be((5 * 4 * student.Parameters) + (4 * teacher.Values) + memory.Bytes(8, 8, recompute: false));
        step.TotalBytes(microBatch: 2).Should().Be(step.TotalBytes() - (6 * memory.Sample));
        step.TotalBytes(microBatch: 9).Should().Be(step.TotalBytes());
    }

    [Fact]
    public void In_bf16_the_derivative_is_estimated_in_float32_apart_from_the_main_evaluation()
    {
        MultiplyAdds Derivative(DerivativeOptions derivative) => Profile(Options with
        {
            MeanFlow = MeanFlow with { Derivative = derivative, Training = Training with { Precision = "bf16" } },
        }).Training.Single(training => training.Stage == "meanflow").Work.Single(work => work.FullPrecision).Step;

        Derivative(new CentralDifferenceOptions()).Should().Be(2 * 2 * Student);
        Derivative(new ForwardDifferenceOptions()).Should().Be(2 * 2 * Student);
        Derivative(new JvpOptions()).Should().Be(2 * new MultiplyAdds(2 * Student.Linear, 3 * Student.Attention));
        Profile(Options).Training.SelectMany(training => training.Work).Should().NotContain(work => work.FullPrecision);
    }

    [Fact]
    public void The_contrastive_loss_of_an_encoder_needs_its_whole_batch()
    {
        var encoder = Profile(Options).Training.Single(training => training.Stage == "encoder");

        encoder.TotalBytes(microBatch: 1).Should().Be(encoder.TotalBytes());
        encoder.Recomputes.Should().BeFalse();
    }

    [Fact]
    public void An_oracle_has_a_generator_for_its_dimensions_and_a_teacher_without_cost()
    {
        var profile = Profile(Options with
        {
            Dataset = new OracleDatasetOptions(new RingDistributionOptions()),
            Encoder = new NoEncoderOptions(),
            Decoder = new NoDecoderOptions(),
            Latents = new NoLatentOptions(),
            Teacher = new OracleTeacherOptions(new NoBiasOptions()),
            Cmt = new NoCmtOptions(),
            MeanFlow = MeanFlow with { Initialisation = "random" },
        });
        var student = NetworkCost.Of(new DitNetwork(Dit, new LatentShape(2, 1, 1), 1, true).Declare());

        profile.Notes.Should().BeEmpty();
        profile.Latent!.Shape.Should().Be(new LatentShape(2, 1, 1));
        profile.Components.Should().ContainSingle().Which.Cost.Parameters.Should().Be(student.Parameters);
        profile.Training.Should().ContainSingle().Which.Stage.Should().Be("meanflow");
    }

    [Fact]
    public void What_is_not_known_is_said()
    {
        var profile = Profile(Options with { Encoder = new PretrainedEncoderOptions("none.safetensors") });

        profile.Latent.Should().BeNull();
        profile.Notes.Should().ContainSingle().Which.Should().Contain("none.safetensors is missing");
        Profile(Options).Notes.Should().ContainSingle().Which.Should().Contain("10 classes are assumed");
    }

    private static MultiplyAdds Step(LabOptions options, string stage) =>
        Profile(options).Training.Single(training => training.Stage == stage).Step;

    private static ArmProfile Profile(LabOptions options)
    {
        var arm = new Arm("only", options, new Dictionary<string, System.Text.Json.Nodes.JsonNode?>(), true);
        var evaluation = new EvaluationOptions(new PretrainedFeatureOptions("none"), [], ["test"]);
        return Profiler.Profile(new("x", "x.json", "?", "!", "fid@1", [arm], [0], evaluation, []), AppContext.BaseDirectory).Single();
    }
}
