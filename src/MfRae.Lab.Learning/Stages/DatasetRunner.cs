using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Tracking;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Numerics;
using MfRae.Lab.Learning.Oracle;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>
/// Writes train.safetensors and test.safetensors: images uint8 [N, 1, H, W], labels int64 [N]. Of an oracle it writes the
/// distribution, and compares its closed forms with other ways to the same numbers.
/// </summary>
internal sealed class DatasetRunner(DatasetOptions options) : IStage
{
    private const long CheckedPoints = 128;
    private const double CheckTolerance = 1e-11;

    public void Run(StageContext context)
    {
        switch (options)
        {
            case IdxDatasetOptions idx:
                Convert(idx, context);
                break;
            case OracleDatasetOptions oracle:
                Check(oracle, context);
                break;
            default:
                throw new NotSupportedException($"{options.GetType().Name} has no runner");
        }
    }

    private static void Convert(IdxDatasetOptions idx, StageContext context)
    {
        var folder = context.Resolve(idx.Path);
        using (var train = IdxDataset.Train(folder, idx.TrainLimit))
            train.Save(context.File("train.safetensors"));
        using var test = IdxDataset.Test(folder, idx.TestLimit);
        test.Save(context.File("test.safetensors"));
    }

    private static void Check(OracleDatasetOptions oracle, StageContext context)
    {
        OracleFiles.Save(context, oracle.Distribution);
        using var scope = NewDisposeScope();
        var forms = new ClosedForms(Distributions.Create(oracle.Distribution), CheckTolerance);
        // Every oracle of these options is checked at the same points.
        var random = new RandomSource(0, CPU);
        var (z, _, t) = forms.Points(random, CheckedPoints);
        var (velocity, jacobian) = forms.Flow(random, CheckedPoints);
        OracleValue[] values =
        [
            new(OracleMetric.ClosedVelocity, forms.Velocity(z, t), CheckedPoints),
            new(OracleMetric.ClosedCovariance, forms.Covariance(z, t), CheckedPoints),
            new(OracleMetric.ClosedAverageVelocity, velocity, CheckedPoints),
            new(OracleMetric.ClosedJacobian, jacobian, CheckedPoints),
        ];
        foreach (var value in values)
            context.Measured(OracleFiles.Identified(value, OracleFiles.Identity(context.Folder)));
    }
}
