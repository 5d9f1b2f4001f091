namespace MfRae.Lab.Core.Images;

/// <summary>The order of the dimensions of an array of images.</summary>
public enum SampleLayout
{
    /// <summary>[N, C, H, W].</summary>
    ChannelsFirst,

    /// <summary>[N, H, W, C].</summary>
    ChannelsLast,

    /// <summary>[N, H, W], for grey images.</summary>
    Grey,
}

/// <summary>Recognises the samples among the arrays of a file, by names and shapes only.</summary>
public static class SampleArray
{
    /// <summary>The names of arrays of images, the preferred first, and of the arrays with their labels.</summary>
    public static IReadOnlyList<(string Images, string Labels)> Names { get; } = [("images", "labels"), ("arr_0", "arr_1")];

    /// <summary>The array of images: one with a known name, or the only one with three or four dimensions. Null if there is none.</summary>
    /// <param name="shapes">The shapes of the arrays by name.</param>
    public static string? Find(IReadOnlyDictionary<string, IReadOnlyList<long>> shapes) =>
        Names.Select(names => names.Images).FirstOrDefault(shapes.ContainsKey)
        ?? (shapes.Where(entry => entry.Value.Count is 3 or 4).ToList() is [var only] ? only.Key : null);

    /// <summary>The layout of an array of images of this size, or null if its shape is not that of such images.</summary>
    public static SampleLayout? Layout(IReadOnlyList<long> shape, long channels, long rows, long columns) => shape switch
    {
        [_, var c, var h, var w] when c == channels && h == rows && w == columns => SampleLayout.ChannelsFirst,
        [_, var h, var w, var c] when c == channels && h == rows && w == columns => SampleLayout.ChannelsLast,
        [_, var h, var w] when channels == 1 && h == rows && w == columns => SampleLayout.Grey,
        _ => null,
    };

    /// <summary>The shapes that <see cref="Layout"/> recognises, for messages.</summary>
    public static string Expected(long channels, long rows, long columns) => FormattableString.Invariant(
        $"[N, {rows}, {columns}, {channels}] or [N, {channels}, {rows}, {columns}]") + (channels == 1 ? FormattableString.Invariant($" or [N, {rows}, {columns}]") : "");
}
