using MfRae.Lab.Core;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Networks;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Ranks;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Training;

/// <summary>
/// The gradient of a step: of the whole batch at once, or summed over its parts (micro-batches), which need less memory. Both are equal up to
/// the order of summation. If the memory of the device is exhausted, the step is repeated with smaller parts: no weight has changed yet. Several
/// ranks divide the parts among them; the sum has the bits that one process computes with the same parts.
/// </summary>
public sealed class StepGradient
{
    private readonly IObjective _objective;
    private readonly Weights _weights;
    private readonly IJournal _journal;
    private readonly ICollective _ranks;
    private long? _samples;
    private bool _dividable = true;
    private bool _divided;

    /// <summary>The gradient under the settings of a run.</summary>
    /// <param name="ranks">The processes that compute it together; null: only this one.</param>
    public StepGradient(IObjective objective, Weights weights, StageContext context, ICollective? ranks = null)
    {
        (_objective, _weights, _journal, _ranks) = (objective, weights, context.Journal, ranks ?? new OneProcess());
        var memory = Agreed(StepMemory.Of(context.Spec, weights.Device));
        _samples = memory.Samples;
        weights.Recomputation = memory.Recompute ? new() : null;
        if (memory != StepMemory.Whole && _ranks.Count == 1)
            Report();
    }

    /// <summary>
    /// Adds the gradient of a step to the gradient of the weights, which is zero before, and returns the values of the batch.
    /// </summary>
    /// <param name="unweighted">Whether to compute the gradient norm of the loss without weight too, where it differs from the loss.</param>
    public StepValue Compute(long step, bool unweighted)
    {
        DivideAmongRanks(step);
        while (true)
        {
            try
            {
                return Try(step, unweighted);
            }
            catch (Exception shortage) when (MemoryShortage.Is(shortage))
            {
                Shrink(step, shortage);
            }
        }
    }

    // The choice of rank 0: other machines may have other amounts of free memory.
    private StepMemory Agreed(StepMemory own)
    {
        var samples = _ranks.OfFirst(own.Samples ?? 0);
        return new(samples > 0 ? samples : null, _ranks.OfFirst(own.Recompute ? 1 : 0) > 0);
    }

    // Before the first step, when the size of a batch is known: at least one part for each rank.
    private void DivideAmongRanks(long step)
    {
        if (_ranks.Count == 1 || _divided)
            return;
        _divided = true;
        using var scope = NewDisposeScope();
        if (_objective.Divide(_weights, step, 1)?.Samples is not { } whole)
            return;
        _samples = Math.Min(_samples ?? whole, (whole + _ranks.Count - 1) / _ranks.Count);
        Report();
    }

    private StepValue Try(long step, bool unweighted)
    {
        // The tensors of an attempt without enough memory are freed here, and its gradient and blocks are dropped.
        using var scope = NewDisposeScope();
        _weights.Gradient!.zero_();
        _weights.Recomputation?.Clear();
        if (_samples is { } samples && _dividable)
        {
            if (_objective.Divide(_weights, step, samples) is { } batch)
                return InParts(batch, samples, unweighted).Kept();
            _dividable = false;
            _journal.Write(new NoticeEvent(
                "the loss of this stage compares the samples of a batch with each other: each step evaluates the whole batch at once, without micro-batches"));
        }

        var value = _objective.Evaluate(_weights, step);
        Tensor? norm = null;
        if (unweighted && HasWeight(value))
        {
            // The graph is kept, and the gradient is zero again: the training gradient has the same bits as without this pass.
            _weights.Backward(value.Unweighted!, again: true);
            norm = TakeNorm();
        }
        _weights.Backward(value.Loss);
        return new StepValue(
            value.Loss.detach(), [.. value.Series.Select(series => (series.Name, series.Value.detach()))], norm, IsPlain(value)).Kept();
    }

    private StepValue InParts(DividedBatch batch, long samples, bool unweighted)
    {
        // The loss without weight takes a separate pass: in one pass, its gradient would need a second vector of all parameters.
        Tensor? norm = null;
        if (unweighted && Pass(batch, samples, value => HasWeight(value) ? value.Unweighted : null) is not null)
            norm = TakeNorm();
        var values = Pass(batch, samples, value => value.Loss)!;
        var series = values[0].Scalars.Select((scalar, at) => (
            scalar.Name, CurveScalar.Combine([.. values.Select(part => (part.Scalars[at], part.Share))]))).ToList();
        return new(series[0].Item2, series[1..], norm, values[0].IsPlain);
    }

    // Adds up the gradients of a loss over the parts; null without such a loss. The loss itself is the first of the scalars.
    private List<PartValue>? Pass(DividedBatch batch, long samples, Func<ObjectiveValue, Tensor?> choose)
    {
        var parts = batch.Parts(samples).ToList();
        var values = new List<PartValue>();
        using var sum = _ranks.Count > 1 ? new RankGradient(_weights.Gradient!, _ranks) : null;
        for (var first = 0; first < parts.Count; first += _ranks.Count)
        {
            // In the last round, a rank without a part evaluates the last part too. It has nothing else to do, and its gradient is not added.
            var own = Math.Min(first + _ranks.Rank, parts.Count - 1);
            if (Together(() => Evaluate(batch, parts[own], choose)) is not { } value)
                return null;
            if (sum is null)
            {
                values.Add(value);
                continue;
            }

            var added = Math.Min(_ranks.Count, parts.Count - first);
            values.AddRange(Collect(value).Take(added).Select((scalars, rank) => value with
            {
                Scalars = scalars,
                Share = (double)parts[first + rank].Samples / batch.Samples,
            }));
            sum.Add(added);
        }
        sum?.Finish();
        return values;
    }

    private PartValue? Evaluate(DividedBatch batch, BatchPart part, Func<ObjectiveValue, Tensor?> choose)
    {
        using var scope = NewDisposeScope();
        var value = batch.Evaluate(part);
        if (choose(value) is not { } loss)
        {
            _weights.Recomputation?.Clear();
            return null;
        }

        var share = (double)part.Samples / batch.Samples;
        _weights.Backward(share == 1 ? loss : loss * share);
        return new([.. value.Series.Prepend(("loss", value.Loss)).Select(scalar => Kept(scalar))], share, IsPlain(value));
    }

    // A shortage of memory of one rank is a shortage of all of them, so that all repeat the step with the same parts.
    private T Together<T>(Func<T> evaluate)
    {
        if (_ranks.Count == 1)
            return evaluate();
        T? value = default;
        Exception? shortage = null;
        try
        {
            value = evaluate();
        }
        catch (Exception e) when (MemoryShortage.Is(e))
        {
            shortage = e;
        }
        return !_ranks.Any(shortage is not null) ? value! : throw new OutOfMemoryException("a rank has not enough memory", shortage);
    }

    // The scalars of the same round on all ranks. Their numbers keep every bit in float64.
    private List<IReadOnlyList<CurveScalar>> Collect(PartValue value)
    {
        using var quiet = no_grad();
        Tensor[] own = [.. value.Scalars.Select(scalar => scalar.Value), .. value.Scalars.Select(scalar => scalar.Weight).OfType<Tensor>()];
        var all = _ranks.Collect(stack(own.Select(number => number.to(float64))));
        var ranks = new List<IReadOnlyList<CurveScalar>>();
        for (var rank = 0; rank < _ranks.Count; rank++)
        {
            var numbers = own.Select((number, at) => all[rank, at].to(number.dtype).Upload(number.device)).ToList();
            var weight = value.Scalars.Count;
            ranks.Add([.. value.Scalars.Select((scalar, at) => scalar with
            {
                Value = numbers[at],
                Weight = scalar.Weight is null ? null : numbers[weight++],
            })]);
        }
        return ranks;
    }

    private static CurveScalar Kept(CurveScalar scalar) => scalar with
    {
        Value = scalar.Value.detach().MoveToOuterDisposeScope(),
        Weight = scalar.Weight?.detach().MoveToOuterDisposeScope(),
    };

    private static bool IsPlain(ObjectiveValue value) => ReferenceEquals(value.Unweighted, value.Loss);

    private static bool HasWeight(ObjectiveValue value) => value.Unweighted is not null && !IsPlain(value);

    private Tensor TakeNorm()
    {
        using var quiet = no_grad();
        var norm = _weights.Gradient!.norm();
        _weights.Gradient.zero_();
        return norm;
    }

    private void Shrink(long step, Exception shortage)
    {
        using var scope = NewDisposeScope();
        var whole = _objective.Divide(_weights, step, 1)?.Samples;
        var tried = Math.Min(_samples ?? long.MaxValue, whole ?? 1);
        var what = tried == whole || whole is null ? "the whole batch" : tried == 1 ? "one sample" : $"{tried} samples";
        if (tried == 1)
        {
            var advice = whole is null ? "choose a smaller batch" : _weights.Recomputation is null ? "add --recompute" : "choose a smaller network";
            throw new LabException(
                $"not enough memory for step {step + 1} with {what} at once: use a device with more memory, or {advice}. The last checkpoint is kept",
                shortage);
        }

        _samples = (tried + 1) / 2;
        _journal.Write(new NoticeEvent(
            $"not enough memory for step {step + 1} with {what} at once: the step is repeated with at most {_samples} at once"));
        Report();
    }

    private void Report() => _journal.Write(new MicroBatchEvent((int?)_samples, _weights.Recomputation is not null));

    private sealed record PartValue(IReadOnlyList<CurveScalar> Scalars, double Share, bool IsPlain);
}

/// <summary>The values of a step, without graph.</summary>
/// <param name="Loss">A scalar.</param>
/// <param name="Series">Further scalars by the names of their curves.</param>
/// <param name="UnweightedNorm">The gradient norm of the loss without weight, where it was computed.</param>
/// <param name="IsPlain">Whether the loss has the plain weight, so that the gradient norm itself is that norm.</param>
public sealed record StepValue(Tensor Loss, IReadOnlyList<(string Name, Tensor Value)> Series, Tensor? UnweightedNorm, bool IsPlain)
{
    /// <summary>The same values, moved out of the current dispose scope.</summary>
    internal StepValue Kept()
    {
        Loss.MoveToOuterDisposeScope();
        UnweightedNorm?.MoveToOuterDisposeScope();
        foreach (var (_, value) in Series)
            value.MoveToOuterDisposeScope();
        return this;
    }
}
