namespace MfRae.Lab.Core.Experiments.Reading;

/// <summary>
/// What stands together with an oracle dataset, whose samples are latents of a known distribution, and what with images: encoder,
/// decoder, normalisation and features are for images, an exact teacher and exact measures for an oracle.
/// </summary>
/// <param name="options">The arm's `base`, patched.</param>
/// <param name="evaluation">The experiment's `evaluation`.</param>
internal sealed class OracleRules(Mistakes mistakes, OptionView options, OptionView evaluation)
{
    private const string None = "none";
    private const string Oracle = "oracle";

    private bool HasOracle => options.Kind("dataset") == Oracle;

    public void Check()
    {
        if (options.Kind("dataset") is null)
        {
            return;
        }

        CheckStages();
        CheckTeacher();
        CheckEvaluation();
    }

    private void CheckStages()
    {
        foreach (string stage in (string[])["encoder", "decoder", "latents"])
        {
            string? kind = options.Kind(stage);
            if (HasOracle && kind is not (null or None))
            {
                mistakes.Add(
                    options.Blame($"{stage}.kind", "dataset.kind"),
                    $"{stage} of kind `{kind}` on an oracle dataset, whose samples are latents already",
                    $"choose {stage} of kind none");
            }
            else if (!HasOracle && kind == None && stage != "decoder")
            {
                mistakes.Add(
                    options.Blame($"{stage}.kind", "dataset.kind"),
                    $"{stage} of kind `none` on images: only the samples of an oracle dataset are latents already",
                    $"choose another kind of {stage}");
            }
        }

        if (HasOracle && options.Kind("study") is not null)
        {
            mistakes.Add(
                options.Blame("study.kind", "dataset.kind"),
                "a study on an oracle dataset: it looks at networks for images",
                "leave `study` out");
        }

        if (HasOracle && options.Kind("meanflow") == None)
        {
            mistakes.Add(
                options.Blame("meanflow.kind", "dataset.kind"),
                "an oracle dataset without meanflow: there is no network to judge",
                "choose meanflow of kind lambda");
        }
    }

    private void CheckTeacher()
    {
        if (options.Kind("teacher") != Oracle)
        {
            return;
        }

        if (!HasOracle)
        {
            mistakes.Add(
                options.Blame("teacher.kind", "dataset.kind"),
                "teacher of kind `oracle` on images: it is the exact velocity of an oracle dataset",
                "choose a teacher of another kind");
            return;
        }

        if (options.Kind("cmt") == "trajectory")
        {
            mistakes.Add(
                options.Blame("cmt.kind", "teacher.kind"),
                "cmt of kind `trajectory` starts from the teacher's weights, and a teacher of kind `oracle` has none",
                "choose a teacher of kind flowMatching, or cmt of kind none");
        }

        if (options.Text("meanflow.initialisation") == "teacher")
        {
            mistakes.Add(
                options.Blame("meanflow.initialisation", "teacher.kind"),
                "`initialisation` from a teacher of kind `oracle`, which has no weights",
                "choose initialisation random, or a teacher of kind flowMatching");
        }

        if (options.Numbers("teacher.bias.vector") is { } vector && Dimension() is { } dimension && vector.Count != dimension)
        {
            mistakes.Add(
                options.At("teacher.bias.vector"),
                $"`vector` has {vector.Count} numbers, the dataset {dimension} dimensions",
                $"write {dimension} numbers");
        }
    }

    private int? Dimension() => options.Kind("dataset.distribution") switch
    {
        "ring" => 2,
        "mixture1d" => 1,
        "gaussian" => options.Numbers("dataset.distribution.mean")?.Count,
        _ => null,
    };

    private void CheckEvaluation()
    {
        string? features = evaluation.Kind("features");
        if (features is not null && HasOracle != (features == None))
        {
            mistakes.Add(
                evaluation.At("features"),
                HasOracle ? $"features of kind `{features}` on an oracle dataset, which has no images" : "features of kind `none` on images",
                HasOracle ? "choose features of kind none" : "choose features of another kind");
        }

        foreach (var metric in evaluation.Items("metrics"))
        {
            if (metric.GetText("kind") is { } kind && HasOracle != (kind == Oracle))
            {
                mistakes.Add(
                    metric.Location,
                    HasOracle ? $"{kind} on an oracle dataset: it is a metric of images" : "oracle on images: their distribution is not known",
                    HasOracle ? "remove it; the metric of an oracle dataset is of kind oracle" : "remove it");
            }
        }

        foreach (string stage in (string[])["reconstruction", "probes"])
        {
            if (HasOracle && evaluation.Flag(stage) == true)
            {
                mistakes.Add(evaluation.At(stage), $"`{stage}` on an oracle dataset, which has no encoder", $"write \"{stage}\": false");
            }
        }
    }
}
