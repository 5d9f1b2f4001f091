namespace MfRae.Lab.Learning.Data;

/// <summary>The shape of an image: <paramref name="Channels"/> is 1 for grey and 3 for colour.</summary>
public sealed record ImageShape(long Channels, long Rows, long Columns)
{
    // What thirty images of 256×256 are: enough for a GPU, and little enough for its memory.
    private const long MostPixels = 2_000_000;

    /// <summary>That of MNIST and its relatives.</summary>
    public static ImageShape Mnist { get; } = new(1, 28, 28);

    /// <summary>Images that go through a network at a time: <paramref name="most"/> where they are small, fewer where they are large.</summary>
    public long Batch(long most) => Math.Clamp(MostPixels / (Rows * Columns), 1, most);

    public override string ToString() => FormattableString.Invariant($"{Channels}x{Rows}x{Columns}");
}
