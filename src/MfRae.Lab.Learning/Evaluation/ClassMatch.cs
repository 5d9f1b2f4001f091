using System.Globalization;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Evaluation;

/// <summary>Whether two sets of images can be compared class by class.</summary>
internal static class ClassMatch
{
    // The least number of images for a covariance.
    private const long Fewest = 2;
    private const int ShownInOrder = 5;

    /// <summary>The reason why the sets cannot be compared by class, or null.</summary>
    public static string? Problem(ImageSet samples, ImageSet? reference)
    {
        if (samples.Classes is not { } own)
            return "the samples have no classes";
        if (reference?.Classes is not { } others)
            return "the reference has no classes";
        if (own.Count != others.Count)
            return $"the samples have {own.Count} classes ({First(own)}), the reference has {others.Count} ({First(others)})";
        // Labels in a file are numbers without names: positions in the list of class folders.
        if (samples.Named && reference.Named && own.Zip(others).FirstOrDefault(pair => pair.First != pair.Second) is (string one, string other))
            return $"class folders differ: the samples have '{one}' where the reference has '{other}'";
        return Small("samples", samples) ?? Small("reference", reference);
    }

    /// <summary>The reason why the predicted classes of a network are not the classes of the samples, or null where they are.</summary>
    /// <param name="network">The name of the network, for the message.</param>
    public static string? Unpredicted(IReadOnlyList<string>? predicted, string network, ImageSet samples)
    {
        if (predicted is null)
            return "the feature network does not predict the samples' classes";
        if (samples.Classes is not { } own)
            return "the samples have no classes";
        return own.Count <= predicted.Count && own.SequenceEqual(predicted.Take(own.Count)) ? null
            : $"the samples have {own.Count} classes ({First(own)}), and {network} predicts {predicted.Count} others ({First(predicted)})";
    }

    /// <summary>
    /// A warning where numeric labels are compared with class folders whose names are numbers and whose ordinal order is not numeric; else
    /// null.
    /// </summary>
    public static string? Ambiguity(ImageSet samples, ImageSet? reference)
    {
        if (samples.Classes is null || reference?.Classes is null || samples.Named == reference.Named)
            return null;
        var (folders, numbers) = samples.Named ? (samples, reference) : (reference, samples);
        var names = folders.Classes!;
        if (!names.All(name => int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _)))
            return null;
        return names.SequenceEqual(names.OrderBy(name => int.Parse(name, CultureInfo.InvariantCulture)))
            ? null
            : $"labels in {numbers.Path} are positions in the list of class folders of {folders.Path} in ordinal order, as torchvision and "
                + $"the lab's datasets number them: {string.Join(", ", names.Take(ShownInOrder))}{(names.Count > ShownInOrder ? ", …" : "")}";
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
