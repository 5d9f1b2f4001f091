using MfRae.Lab.Core.Execution;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Learning.Data;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Writes train.safetensors and test.safetensors: images uint8 [N, 1, H, W], labels int64 [N].</summary>
internal sealed class DatasetRunner(DatasetOptions options) : IStage
{
    public void Run(StageContext context)
    {
        var idx = (IdxDatasetOptions)options;
        var folder = context.Resolve(idx.Path);
        using (var train = IdxDataset.Train(folder, idx.TrainLimit))
            train.Save(context.File("train.safetensors"));
        using var test = IdxDataset.Test(folder, idx.TestLimit);
        test.Save(context.File("test.safetensors"));
    }
}
