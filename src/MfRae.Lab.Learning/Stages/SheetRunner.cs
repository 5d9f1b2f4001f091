using System.Globalization;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;
using MfRae.Lab.Core.Records;
using MfRae.Lab.Learning.Data;
using MfRae.Lab.Learning.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace MfRae.Lab.Learning.Stages;

/// <summary>Sheets of the first samples of chosen classes, for each number of evaluations.</summary>
internal sealed class SheetRunner(SheetStage stage) : IStage
{
    public void Run(StageContext context)
    {
        foreach (var (steps, path) in EvaluationRunner.SampleFiles(context.Input(StageInput.Samples)))
        {
            using var scope = NewDisposeScope();
            var samples = Safetensors.Read(path);
            var labels = samples["labels"];
            for (var i = 0; i < stage.Sheets.Count; i++)
            {
                var sheet = stage.Sheets[i];
                var classes = Classes(sheet.Classes);
                var rows = Rows(labels, sheet);
                var evaluations = string.Create(CultureInfo.InvariantCulture, $"{steps} {(steps == 1 ? "step" : "steps")}");
                if (rows.shape[0] == 0)
                {
                    context.Journal.Write(new NoticeEvent($"there is no sample of {classes}, so it has no sheet"));
                    continue;
                }

                var file = string.Create(CultureInfo.InvariantCulture, $"classes.{i}.{steps}.png");
                ImageSheet.Write(
                    context.File(file), samples["images"].index_select(0, rows), (int)Math.Min(SampleDrawing.SheetColumns, rows.shape[0]));
                context.Journal.Write(new ImageEvent($"{classes}, {evaluations}", file, string.Create(
                    CultureInfo.InvariantCulture,
                    $"{rows.shape[0]} samples of {(sheet.Classes.Count == 1 ? "" : "the ")}{classes} in {steps} network {(steps == 1 ? "evaluation" : "evaluations")}")));
            }
        }
    }

    /// <summary>The first samples of each class, class after class: int64 [n], at most the number of the sheet.</summary>
    internal static Tensor Rows(Tensor labels, ClassSheetOptions sheet)
    {
        var each = (sheet.Count + sheet.Classes.Count - 1) / sheet.Classes.Count;
        return cat([.. sheet.Classes.Select(label => labels.eq(label).nonzero().flatten().slice(0, 0, each, 1))]).slice(0, 0, sheet.Count, 1);
    }

    private static string Classes(IReadOnlyList<int> classes) =>
        $"{(classes.Count == 1 ? "class" : "classes")} {string.Join(", ", classes.Select(label => label.ToString(CultureInfo.InvariantCulture)))}";
}
