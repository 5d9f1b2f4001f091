namespace MfRae.Lab.Learning.Networks;

/// <summary>What a network costs, read off its declaration: no tensor is made for it.</summary>
/// <param name="Parameters">Trained values.</param>
/// <param name="Constants">Values that training does not touch.</param>
/// <param name="Forward">Multiply-adds of one evaluation for one sample.</param>
/// <param name="Kept">
/// Values that one evaluation for one sample keeps for its backward pass. An estimate: element-wise operations keep values too, in
/// proportion to those of the layers they stand between.
/// </param>
public sealed record NetworkCost(long Parameters, long Constants, Products Forward, double Kept)
{
    // Counted by hand on a DiT block of width d, per token: norms, modulation, gates, SwiGLU and rotary positions keep 26.7 d where
    // the inputs and outputs of its linear layers are 16 d.
    private const double KeptPerLayerValue = 5.0 / 3;

    /// <summary>All of them: what a file of the weights holds.</summary>
    public long Values => Parameters + Constants;

    /// <exception cref="InvalidOperationException">A layer's declaration does not say how often it is applied.</exception>
    public static NetworkCost Of(WeightSpec spec)
    {
        double linear = 0, values = 0, attention = 0, maps = 0;
        foreach (var layer in spec.Layers)
        {
            double times = layer.Times
                ?? throw new InvalidOperationException($"the declaration of {layer.Name} does not say how often it is applied");
            linear += times * layer.Inputs * layer.Outputs;
            values += times * (layer.Inputs + layer.Outputs);
        }

        foreach (var mixing in spec.AttentionLayers)
        {
            double pairs = (double)mixing.Tokens * mixing.Tokens;
            attention += 2 * pairs * mixing.Width;
            maps += pairs * mixing.Heads;
        }

        return new(
            Count(spec, trained: true), Count(spec, trained: false), new(linear, attention), (KeptPerLayerValue * values) + maps);
    }

    private static long Count(WeightSpec spec, bool trained) => spec.Entries
        .Where(entry => entry.Trained == trained)
        .Sum(entry => entry.Shape.Aggregate(1L, (product, extent) => product * extent));
}
