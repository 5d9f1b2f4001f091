using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Objectives;
using MfRae.Lab.Learning.Paths;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Oracle;

/// <summary>Points of the path at uniform pairs of times, as training draws them but with r &lt; t throughout; in float64.</summary>
/// <param name="X">Data [B, d].</param>
/// <param name="Noise">[B, d].</param>
/// <param name="R">Earlier times [B].</param>
/// <param name="T">Times of the points [B].</param>
public sealed record OraclePoints(Tensor X, Tensor Noise, Tensor R, Tensor T)
{
    /// <summary>z_t [B, d].</summary>
    public Tensor Z { get; } = lerp(X, Noise, T.unsqueeze(1));

    public static OraclePoints Draw(ILatentSource source, long step)
    {
        var times = new TimeSampler(new UniformTimeOptions(), TimeShift.For(source.Shape), source.Random);
        var (r, t) = times.Pair(step, source.BatchSize, 0);
        return new(
            source.Draw(step).X.flatten(1).to(float64),
            source.Noise(step, source.BatchSize).flatten(1).to(float64),
            r.to(float64),
            t.to(float64));
    }

    /// <summary>A batch that stands at z = <paramref name="z"/> with the given v̂: x = z - t v̂, ε = z + (1 - t) v̂.</summary>
    public static MeanFlowBatch At(Tensor z, Tensor r, Tensor t, Tensor onePoint)
    {
        var time = t.unsqueeze(1);
        var labels = Linearisation.Labels(z);
        return new(
            Linearisation.Latent(z - (time * onePoint)), Linearisation.Latent(z + ((1 - time) * onePoint)), r, t, labels, labels);
    }
}
