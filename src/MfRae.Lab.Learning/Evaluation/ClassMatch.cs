using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Whether two sets of images can be compared class by class.</summary>
internal static class ClassMatch
{
    // What a covariance needs.
    private const long Fewest = 2;

    /// <summary>Why not, or null.</summary>
    public static string? Problem(ImageSet samples, ImageSet? reference)
    {
        if (samples.Classes is not { } own)
            return "the samples have no classes";
        if (reference?.Classes is not { } others)
            return "the reference has no classes";
        if (!own.SequenceEqual(others))
            return $"samples are of {own.Count} classes ({First(own)}), the reference of {others.Count} ({First(others)})";
        return Small("samples", samples) ?? Small("reference", reference);
    }

    /// <summary>Why the classes that a network predicts are not those of the samples, or null where each has its number.</summary>
    /// <param name="network">Its name, for the message.</param>
    public static string? Unpredicted(IReadOnlyList<string>? predicted, string network, ImageSet samples)
    {
        if (predicted is null)
            return "the feature network does not predict the samples' classes";
        if (samples.Classes is not { } own)
            return "the samples have no classes";
        return own.Count <= predicted.Count && own.SequenceEqual(predicted.Take(own.Count)) ? null
            : $"samples are of {own.Count} classes ({First(own)}), and {network} predicts {predicted.Count} others ({First(predicted)})";
    }

    private static string? Small(string what, ImageSet set)
    {
        using var scope = NewDisposeScope();
        var counts = set.Images.Labels.bincount(null, set.Classes!.Count).data<long>().ToArray();
        var few = Array.FindIndex(counts, count => count < Fewest);
        return few < 0 ? null : string.Create(CultureInfo.InvariantCulture, $"class {set.Classes[few]} has {counts[few]} images among the {what}");
    }

    private static string First(IReadOnlyList<string> names) => string.Join(", ", names.Take(3)) + (names.Count > 3 ? ", …" : "");
}
