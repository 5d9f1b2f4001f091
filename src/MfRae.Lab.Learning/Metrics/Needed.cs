using System.Diagnostics.CodeAnalysis;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Learning.Metrics;

/// <summary>What a metric needs of a set, or the message that says what is missing.</summary>
/// <param name="metric">Its kind.</param>
internal sealed class Needed(string metric, SampleSet set)
{
    private const string Train = "train";

    public ReferenceSet Primary => set.References.Count > 0 ? set.References[0] : throw Missing("a reference");

    /// <summary>The training images.</summary>
    public ReferenceSet Training => set.References.FirstOrDefault(reference => reference.Split == Train)
        ?? throw Missing($"a reference of the split `{Train}`");

    /// <summary>The first reference that was not trained on.</summary>
    public ReferenceSet Unseen => set.References.FirstOrDefault(reference => reference.Split != Train)
        ?? throw Missing($"a reference other than `{Train}`");

    public T OfSamples<T>([NotNull] T? given, string what)
        where T : class => given ?? throw Missing($"the samples' {what}");

    public T OfReference<T>([NotNull] T? given, ReferenceSet reference, string what)
        where T : class => given ?? throw Missing($"{what} of the reference `{reference.Split}`");

    /// <summary>At least so many samples.</summary>
    public void Samples(long least)
    {
        if (set.Count < least)
            throw new LabException($"{metric} needs at least {least} samples, and there {(set.Count == 1 ? "is" : "are")} {set.Count}");
    }

    private LabException Missing(string what) => new($"{metric} needs {what}, and there is none");
}
