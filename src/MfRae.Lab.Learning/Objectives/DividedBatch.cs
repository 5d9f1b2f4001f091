using MfRae.Lab.Learning.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Objectives;

/// <summary>
/// The batch of a step, drawn and not yet evaluated. The mean of the losses of its parts, weighted with their samples, is the loss of the
/// batch, so the gradient of the batch is the sum of the gradients of the parts (gradient accumulation).
/// </summary>
/// <param name="samples">The samples of the batch.</param>
/// <param name="evaluate">The value of some of the samples, with gradients enabled.</param>
public sealed class DividedBatch(long samples, Func<BatchPart, ObjectiveValue> evaluate)
{
    /// <summary>The samples of the batch.</summary>
    public long Samples { get; } = samples;

    /// <summary>The batch in parts of at most <paramref name="largest"/> samples, whose sizes differ by at most one.</summary>
    public IEnumerable<BatchPart> Parts(long largest)
    {
        var count = (Samples + largest - 1) / largest;
        for (long i = 0; i < count; i++)
            yield return new(i * Samples / count, (i + 1) * Samples / count);
    }

    /// <summary>The value of the whole batch at once.</summary>
    public ObjectiveValue Evaluate() => evaluate(new(0, Samples));

    /// <summary>The value of a part: means over its samples.</summary>
    public ObjectiveValue Evaluate(BatchPart part) => evaluate(part);
}

/// <summary>The consecutive samples <paramref name="Start"/> … <paramref name="End"/> - 1 of a batch.</summary>
public readonly record struct BatchPart(long Start, long End)
{
    /// <summary>The number of samples.</summary>
    public long Samples => End - Start;

    /// <summary>The values of these samples: [B, …] → [n, …].</summary>
    public Tensor Of(Tensor all) => Samples == all.size(0) ? all : all.narrow(0, Start, Samples);
}

/// <summary>A scalar for the curves.</summary>
/// <param name="Name">The name of its curve.</param>
/// <param name="Value">Its value for the samples that were evaluated.</param>
public sealed record CurveScalar(string Name, Tensor Value)
{
    /// <summary>The weight of this value in the mean over the parts of a batch, a scalar; null: their numbers of samples.</summary>
    public Tensor? Weight { get; init; }

    /// <summary>Whether the value of a batch is the largest value of its parts instead of their mean.</summary>
    public bool IsLargest { get; init; }

    /// <summary>A mean over samples under the name of its curve.</summary>
    public static implicit operator CurveScalar((string Name, Tensor Value) named) => new(named.Name, named.Value);

    /// <summary>The value of a batch from the values of its parts.</summary>
    /// <param name="parts">The same scalar of each part, with the part's share of the samples.</param>
    public static Tensor Combine(IReadOnlyList<(CurveScalar Scalar, double Share)> parts)
    {
        using var quiet = no_grad();
        var values = stack(parts.Select(part => part.Scalar.Value.detach()));
        if (parts[0].Scalar.IsLargest)
            return values.max();
        var weights = parts[0].Scalar.Weight is null
            ? tensor(parts.Select(part => part.Share).ToArray(), dtype: values.dtype).Upload(values.device)
            : stack(parts.Select(part => part.Scalar.Weight!.detach()));
        // Without any sample of its kind, a mean is zero, in a part and in the batch.
        return where(weights.sum() > 0, (values * weights).sum() / weights.sum(), zeros_like(values[0]));
    }
}
