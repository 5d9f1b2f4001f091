namespace MfRae.Lab.Learning.Data;

/// <summary>The shape of an image: <paramref name="Channels"/> is 1 for grey and 3 for colour.</summary>
public sealed record ImageShape(long Channels, long Rows, long Columns)
{
    /// <summary>That of MNIST and its relatives.</summary>
    public static ImageShape Mnist { get; } = new(1, 28, 28);

    public override string ToString() => FormattableString.Invariant($"{Channels}x{Rows}x{Columns}");
}
