namespace MfRae.Lab.Learning.Networks;

/// <summary>The shape of a latent: <paramref name="Channels"/> × <paramref name="Rows"/> × <paramref name="Columns"/> tokens.</summary>
public sealed record LatentShape(long Channels, long Rows, long Columns)
{
    /// <summary>D = C · H · W (docs/method.md §1).</summary>
    public long Dimension => Channels * Rows * Columns;

    public long Tokens => Rows * Columns;
}
