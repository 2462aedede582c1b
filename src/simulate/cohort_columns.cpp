#include "simulate/cohort_columns.h"

#include <utility>

namespace polycause::simulation {
namespace {

struct Loadings {
  double z1, z2, eta;
};

ColumnSpec measured(Link link, const char* name, const char* unit, const char* meaning,
                    Loadings loadings, double location, double scale, int decimals) {
  ColumnSpec spec;
  spec.name = name;
  spec.unit = unit;
  spec.meaning = meaning;
  spec.link = link;
  spec.z1 = loadings.z1;
  spec.z2 = loadings.z2;
  spec.eta = loadings.eta;
  spec.location = location;
  spec.scale = scale;
  spec.decimals = decimals;
  return spec;
}

ColumnSpec bounded(ColumnSpec spec, double low, double high) {
  spec.low = low;
  spec.high = high;
  return spec;
}

ColumnSpec derived(const char* name, const char* unit, const char* meaning, int decimals,
                   std::vector<std::string> parts) {
  ColumnSpec spec = measured(Link::kDerived, name, unit, meaning, {0, 0, 0}, 0, 0, decimals);
  spec.parts = std::move(parts);
  return spec;
}

ColumnSpec graded(const char* name, const char* meaning, Loadings loadings,
                  std::vector<std::string> levels, std::vector<double> thresholds) {
  ColumnSpec spec = measured(Link::kLevels, name, "", meaning, loadings, 0, 1, 0);
  spec.levels = std::move(levels);
  spec.thresholds = std::move(thresholds);
  return spec;
}

ModalitySpec body() {
  return {
      "body",
      "adiposity",
      "muscularity",
      "stature",
      {
          measured(Link::kLinear, "height", "cm", "standing height", {0, 0.25, 1}, 170, 9, 1),
          measured(Link::kLog, "weight", "kg", "body weight", {1, 0.55, 0.6}, 78, 0.19, 1),
          derived("bmi", "kg/m2", "weight / height^2", 1, {"weight", "height"}),
          measured(Link::kLinear, "waist", "cm", "waist circumference", {1, 0.1, 0.25}, 92, 12, 1),
          measured(Link::kLinear, "hip", "cm", "hip circumference", {0.9, 0.25, 0.3}, 103, 8, 1),
          measured(Link::kLinear, "arm", "cm", "upper arm circumference", {0.6, 0.8, 0}, 31, 3.6,
                   1),
          measured(Link::kLinear, "thigh", "cm", "thigh circumference", {0.5, 0.7, 0.2}, 55, 5, 1),
          measured(Link::kLog, "triceps_skinfold", "mm", "skinfold over the triceps",
                   {0.9, -0.5, 0}, 19, 0.38, 1),
          measured(Link::kLinear, "fat_percent", "%", "share of fat, impedance", {0.9, -0.7, 0}, 31,
                   7, 1),
          measured(Link::kLinear, "lean_mass", "kg", "lean mass, impedance", {0.2, 1, 0.6}, 50, 9,
                   1),
          measured(Link::kLinear, "grip_strength", "kg", "grip of the stronger hand",
                   {-0.1, 1, 0.3}, 36, 9, 1),
          graded("abdominal_obesity", "examiner's judgement", {1, 0.1, 0.2}, {"no", "yes"}, {0.3}),
      }};
}

ModalitySpec blood() {
  return {
      "blood",
      "glycaemia and insulin resistance",
      "atherogenic lipids",
      "liver and iron stores",
      {
          measured(Link::kLog, "hba1c", "%", "glycated haemoglobin", {1, 0, 0}, 5.5, 0.09, 1),
          measured(Link::kLog, "glucose", "mg/dL", "fasting glucose", {1, 0.1, 0.1}, 96, 0.14, 0),
          measured(Link::kLog, "insulin", "uU/mL", "fasting insulin", {0.9, 0.2, 0.2}, 8.5, 0.5, 1),
          derived("homa_ir", "", "glucose * insulin / 405", 2, {"glucose", "insulin"}),
          measured(Link::kLog, "triglycerides", "mg/dL", "fasting triglycerides", {0.5, 0.9, 0},
                   115, 0.42, 0),
          measured(Link::kLog, "hdl", "mg/dL", "HDL cholesterol", {-0.4, -0.8, 0.1}, 53, 0.24, 0),
          measured(Link::kLinear, "ldl", "mg/dL", "LDL cholesterol", {-0.1, 1, 0.1}, 118, 30, 0),
          derived("total_cholesterol", "mg/dL", "hdl + ldl + triglycerides / 5", 0,
                  {"hdl", "ldl", "triglycerides"}),
          measured(Link::kLog, "alt", "U/L", "alanine aminotransferase", {0.3, 0, 1}, 24, 0.42, 0),
          measured(Link::kLog, "ggt", "U/L", "gamma-glutamyl transferase", {0.2, 0.2, 1}, 25, 0.5,
                   0),
          measured(Link::kLog, "ferritin", "ng/mL", "ferritin", {0.1, -0.2, 1}, 95, 0.55, 0),
          measured(Link::kLinear, "uric_acid", "mg/dL", "uric acid", {0.6, 0.4, 0.4}, 5.6, 1.2, 1),
          measured(Link::kLog, "crp", "mg/L", "C-reactive protein, high sensitivity",
                   {0.6, 0.5, 0.3}, 1.5, 0.75, 2),
          graded("urine_glucose", "dipstick", {1, 0, 0}, {"negative", "trace", "positive"},
                 {1.2, 1.9}),
      }};
}

ModalitySpec sleep() {
  return {
      "sleep",
      "sleep apnoea",
      "sleep consolidation",
      "circadian timing",
      {
          measured(Link::kLog, "ahi", "1/h", "apnoeas and hypopnoeas", {1, -0.1, 0}, 9, 0.7, 1),
          measured(Link::kLog, "odi", "1/h", "desaturations of 3 % or more", {1, 0, 0.1}, 8, 0.7,
                   1),
          measured(Link::kDeficit, "spo2_mean", "%", "mean oxygen saturation", {1, -0.1, 0}, 5.2,
                   0.25, 1),
          measured(Link::kDeficit, "spo2_min", "%", "lowest oxygen saturation", {1, -0.2, 0.1}, 13,
                   0.32, 0),
          measured(Link::kLog, "minutes_below_90", "min", "time with saturation below 90 %",
                   {1, 0, -0.1}, 6, 0.95, 1),
          graded("snoring", "questionnaire", {1, -0.1, 0},
                 {"never", "sometimes", "often", "every night"}, {-0.7, 0.4, 1.2}),
          measured(Link::kLinear, "sleep_hours", "h", "time asleep", {-0.1, 1, -0.3}, 6.8, 0.9, 1),
          bounded(measured(Link::kLogistic, "efficiency", "%", "time asleep / time in bed",
                           {-0.3, 1, 0}, 1.4, 1, 1),
                  50, 99),
          measured(Link::kLog, "wake_minutes", "min", "time awake after sleep onset",
                   {0.3, -1, 0.1}, 42, 0.5, 0),
          measured(Link::kLinear, "deep_percent", "%", "share of deep sleep", {-0.2, 0.9, -0.3},
                   17.5, 4.5, 1),
          measured(Link::kLinear, "rem_percent", "%", "share of REM sleep", {-0.4, 0.8, 0.2}, 21, 4,
                   1),
          measured(Link::kLinear, "onset_hour", "h", "sleep onset, hours after midnight",
                   {0, -0.2, 1}, -0.4, 1, 2),
          measured(Link::kLinear, "midpoint_hour", "h", "midpoint of sleep, hours after midnight",
                   {0, 0.2, 1}, 3.2, 0.95, 2),
          graded("chronotype", "questionnaire", {0, 0, 1}, {"morning", "intermediate", "evening"},
                 {-0.5, 0.6}),
      }};
}

ModalitySpec vessels() {
  return {
      "vessels",
      "arterial pressure",
      "arterial stiffness",
      "autonomic tone",
      {
          measured(Link::kLinear, "sbp", "mmHg", "systolic pressure", {1, 0.3, 0.1}, 126, 14, 0),
          measured(Link::kLinear, "dbp", "mmHg", "diastolic pressure", {1, -0.1, 0.3}, 78, 9, 0),
          derived("pulse_pressure", "mmHg", "sbp - dbp", 0, {"sbp", "dbp"}),
          measured(Link::kLinear, "central_sbp", "mmHg", "aortic systolic pressure", {1, 0.4, -0.1},
                   117, 13, 0),
          measured(Link::kLog, "pulse_wave_velocity", "m/s", "carotid-femoral pulse wave velocity",
                   {0.4, 1, 0.1}, 8.4, 0.2, 1),
          measured(Link::kLinear, "augmentation_index", "%", "reflected wave / pulse pressure",
                   {0.2, 1, -0.5}, 24, 9, 0),
          measured(Link::kLog, "carotid_imt", "mm", "intima-media thickness", {0.1, 1, 0}, 0.68,
                   0.18, 2),
          measured(Link::kLinear, "ankle_brachial_index", "", "ankle / arm systolic pressure",
                   {0.1, -1, 0}, 1.12, 0.09, 2),
          measured(Link::kLinear, "heart_rate", "1/min", "resting heart rate", {0.2, 0, 1}, 66, 9,
                   0),
          measured(Link::kLog, "rmssd", "ms", "heart rate variability", {-0.2, -0.3, -1}, 34, 0.45,
                   1),
          measured(Link::kLinear, "heart_rate_recovery", "1/min",
                   "fall of the heart rate in the first minute after exercise", {-0.1, -0.2, -1},
                   24, 6, 0),
          graded("antihypertensive", "takes medicine for blood pressure", {1, 0.1, 0},
                 {"no", "yes"}, {0.8}),
          graded("carotid_plaque", "ultrasound", {0, 1, 0}, {"none", "small", "large"}, {0.6, 1.5}),
      }};
}

}  // namespace

const std::vector<ModalitySpec>& cohort_modalities() {
  static const std::vector<ModalitySpec> modalities = {body(), blood(), sleep(), vessels()};
  return modalities;
}

}  // namespace polycause::simulation
