namespace MfRae.Lab.Learning.Networks;

/// <summary>Multiply-adds, counted in two conventions (docs/method.md §7).</summary>
/// <param name="Linear">Of layers with weights, per-token modulation included: the paper's convention.</param>
/// <param name="Attention">Of queries with keys and of attention weights with values, which the paper does not count.</param>
public readonly record struct Products(double Linear, double Attention)
{
    public double Total => Linear + Attention;

    public static Products operator +(Products left, Products right) => new(left.Linear + right.Linear, left.Attention + right.Attention);

    public static Products operator *(double factor, Products products) => new(factor * products.Linear, factor * products.Attention);
}
