using System.Runtime.InteropServices;
using MfRae.Lab.Core;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Tests.Objectives;
using MfRae.Lab.Learning.Tests.Stages;
using MfRae.Lab.Learning.Training;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Tests.Training;

/// <summary>A step without enough memory is repeated with smaller parts of its batch.</summary>
[Scoped]
public sealed class MemoryShortageTests : IDisposable
{
    private static readonly TrainingOptions Training = new(6, TinyLatents.Batch, LearningRate: 1e-3, Ema: 0.9);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("CUDA out of memory. Tried to allocate 2.00 GiB")]
    [InlineData("[enforce fail at alloc_cpu.cpp:121] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.")]
    [InlineData("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes.")]
    [InlineData("std::bad_alloc")]
    public void The_step_is_repeated_with_halves_until_it_fits(string message)
    {
        var whole = Train(new TestStage(_folder.File("whole")), most: int.MaxValue, message);
        var stage = new TestStage(_folder.File("small"));
        var halved = Train(stage, most: 5, message);

        ((halved - whole).norm() / whole.norm()).item<double>().Should().BeLessThan(1e-12, "a failed attempt leaves no gradient");
        stage.Events.OfType<MicroBatchEvent>().Should().Equal(new MicroBatchEvent(8, false), new MicroBatchEvent(4, false));
        stage.Events.OfType<NoticeEvent>().Select(notice => notice.Text).Should().Equal(
            "not enough memory for step 3 with the whole batch at once: the step is repeated with at most 8 at once",
            "not enough memory for step 3 with 8 samples at once: the step is repeated with at most 4 at once");
        stage.Events.OfType<MetricsEvent>().Select(metrics => metrics.Step).Should().Equal(1, 2, 3, 4, 5, 6);
    }

    [Fact]
    public void Parts_that_the_settings_ask_for_are_halved_too()
    {
        var stage = new TestStage(_folder.File("small")) { MicroBatch = 6, Recompute = true };
        Train(stage, most: 2, "out of memory");
        stage.Events.OfType<MicroBatchEvent>().Should().Equal(new MicroBatchEvent(6, true), new MicroBatchEvent(3, true), new MicroBatchEvent(2, true));
    }

    [Fact]
    public void Without_memory_for_one_sample_the_error_says_what_to_do()
    {
        FluentActions.Invoking(() => Train(new TestStage(_folder.File("none")), most: 0, "out of memory")).Should().Throw<LabException>()
            .WithMessage("not enough memory for step 3 with one sample at once: use a device with more memory, or add --recompute. The last checkpoint is kept");
        FluentActions.Invoking(() => Train(new TestStage(_folder.File("recompute")) { Recompute = true }, most: 0, "out of memory"))
            .Should().Throw<LabException>().WithMessage("*or choose a smaller network*");
    }

    [Fact]
    public void A_batch_that_cannot_be_divided_ends_with_advice()
    {
        using var weights = Weights.Initialise(TrainerTests.Regression.Spec, new(0, CPU), CPU);
        var objective = new TrainerTests.Regression(taken: step => throw new ExternalException("CUDA out of memory"));
        FluentActions.Invoking(() => new Trainer(Training, new TestStage(_folder.File("whole")).Context()).Run(TrainerTests.Regression.Spec, weights, objective))
            .Should().Throw<LabException>().WithMessage("not enough memory for step 1 with the whole batch at once: *choose a smaller batch*");
    }

    [Fact]
    public void Another_exception_is_not_a_shortage() =>
        FluentActions.Invoking(() => Train(new TestStage(_folder.File("bug")), most: 0, "a bug")).Should().Throw<ExternalException>().WithMessage("a bug");

    [Theory]
    [InlineData(1000, false, null, false)]
    [InlineData(640, false, null, false)]
    [InlineData(320, false, 32L, false)]
    [InlineData(40, false, 4L, false)]
    [InlineData(39, false, 39L, true)]
    [InlineData(64, true, null, true)]
    [InlineData(8, false, 8L, true)]
    [InlineData(0.1, false, 1L, true)]
    public void The_largest_parts_that_fit_are_chosen(double bytes, bool recompute, long? samples, bool recomputes) =>
        StepMemory.Fit(bytes, new TrainingMemory(64, 10, 1), recompute).Should().Be(new StepMemory(samples, recomputes));

    private static Tensor Train(TestStage stage, int most, string message)
    {
        var (network, weights) = TinyLatents.Network(interval: false, 1, ScalarType.Float64);
        var objective = new FlowMatchingObjective(
            new(TinyLatents.Sizes, new UniformTimeOptions(), Training), network, TinyLatents.Batches());
        using var average = new Trainer(Training, stage.Context()).Run(network.Declare(), weights, new Small(objective, most, message));
        return weights.Flat.clone();
    }

    /// <summary>From the third step on, only some samples fit at once. The first part of a batch is always added to the gradient.</summary>
    private sealed class Small(IObjective objective, int most, string message) : IObjective
    {
        public ObjectiveValue Evaluate(Weights weights, long step) =>
            step < 2 || most >= TinyLatents.Batch ? objective.Evaluate(weights, step) : throw new ExternalException(message);

        public DividedBatch? Divide(Weights weights, long step, long samples)
        {
            var batch = objective.Divide(weights, step, samples)!;
            return new(batch.Samples, part => part.Samples <= most || part is { Start: 0, Samples: > 1 }
                ? batch.Evaluate(part)
                : throw new ExternalException(message));
        }
    }
}
