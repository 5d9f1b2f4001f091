using MfRae.Lab.Core.Experiments;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Learning.Profiling;

namespace MfRae.Lab.Learning.Tests.Profiling;

/// <summary>The estimates of the smoke test against what `profile` says of a step and of an image.</summary>
[Scoped]
public sealed class StageFlopsTests
{
    private readonly Plan _plan;
    private readonly IReadOnlyDictionary<string, double> _flops;

    public StageFlopsTests()
    {
        var read = ExperimentReader.Read("experiments/smoke.json", [], Repository.Root);
        read.Diagnostics.Should().BeEmpty();
        _plan = Planner.Build(read.Experiment!, FileHash.In(Repository.Root));
        _flops = StageFlops.Of(_plan, Repository.Root);
    }

    [Fact]
    public void A_training_costs_its_steps()
    {
        foreach (var run in _plan.Runs)
        {
            var profile = Profiler.Profile(_plan.Experiment, Repository.Root).Single(profile => profile.Arm == run.Arm);
            foreach (var training in profile.Training)
                _flops[run.Stages[training.Stage]].Should().Be(2 * training.Steps * training.Step.Total).And.BePositive();
        }
    }

    [Fact]
    public void Sampling_costs_its_images()
    {
        foreach (var (role, sampler) in new[] { ("sampling", "generator"), ("teacherSampling", "teacher") })
        {
            var run = _plan.Runs[0];
            var stage = (SamplingStage)_plan.Stages.Single(stage => stage.Key == run.Stages[role]).Definition;
            var images = Profiler.Profile(_plan.Experiment, Repository.Root)[0].Sampling.Where(sampling => sampling.Sampler == sampler).ToList();
            images.Should().HaveSameCount(stage.Steps);
            _flops[run.Stages[role]].Should().BeApproximately(2.0 * stage.Samples * images.Sum(image => image.Cost.Image.Total), 1);
        }
    }

    [Fact]
    public void End_points_cost_the_steps_of_the_teacher_without_decoding()
    {
        var run = _plan.Runs[0];
        var stage = (EndPointStage)_plan.Stages.Single(stage => stage.Key == run.Stages["endPoints"]).Definition;
        var teacher = Profiler.Profile(_plan.Experiment, Repository.Root)[0].Sampling.Last(sampling => sampling.Sampler == "teacher");

        _flops[run.Stages["endPoints"]].Should().BeApproximately(2.0 * stage.Samples * teacher.Cost.Generate.Total, 1);
    }

    [Fact]
    public void What_has_no_cost_model_has_no_estimate()
    {
        var kinds = _plan.Stages.Where(stage => _flops.ContainsKey(stage.Key)).Select(stage => stage.Kind).Distinct();

        kinds.Should().BeSubsetOf(["encoder", "decoder", "teacher", "cmt", "meanflow", "sampling", "endPoints"]);
        _plan.Stages.Where(stage => stage.Kind is "meanflow" or "cmt").Should().OnlyContain(stage => _flops.ContainsKey(stage.Key));
    }
}
